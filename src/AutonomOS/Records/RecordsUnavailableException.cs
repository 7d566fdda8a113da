namespace AutonomOS.Records;

/// <summary>The records did not answer within their bound, or cannot be opened or written. A read told nothing; a write was not done.</summary>
public sealed class RecordsUnavailableException : Exception
{
    /// <summary>Made without details.</summary>
    public RecordsUnavailableException()
        : this("The records are not available.")
    {
    }

    /// <summary>Made with a message.</summary>
    public RecordsUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Made with a message and its cause.</summary>
    public RecordsUnavailableException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
