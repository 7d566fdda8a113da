namespace AutonomOS.Embedded;

/// <summary>The embedded store cannot start as it was asked to. The message is one line for the person who asked.</summary>
public sealed class EmbeddedStoreException : Exception
{
    /// <summary>Made without details.</summary>
    public EmbeddedStoreException()
        : this("The embedded store could not start.")
    {
    }

    /// <summary>Made with a message.</summary>
    public EmbeddedStoreException(string message)
        : base(message)
    {
    }

    /// <summary>Made with a message and its cause.</summary>
    public EmbeddedStoreException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
