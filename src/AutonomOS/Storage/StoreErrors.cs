namespace AutonomOS.Storage;

/// <summary>The store did not take the call: nothing was done. Safe to repeat.</summary>
public sealed class StoreUnavailableException : Exception
{
    /// <summary>Made without details.</summary>
    public StoreUnavailableException()
        : this("The store is not available; nothing was done.")
    {
    }

    /// <summary>Made with a message.</summary>
    public StoreUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Made with a message and its cause.</summary>
    public StoreUnavailableException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}

/// <summary>The call was sent and no answer came: it may have been done or not. Repeat it with the same idempotency key, or look.</summary>
public sealed class OutcomeUnknownException : Exception
{
    /// <summary>Made without details.</summary>
    public OutcomeUnknownException()
        : this("No answer came from the store; the call may have been done or not.")
    {
    }

    /// <summary>Made with a message.</summary>
    public OutcomeUnknownException(string message)
        : base(message)
    {
    }

    /// <summary>Made with a message and its cause.</summary>
    public OutcomeUnknownException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
