namespace AutonomOS.Workers;

/// <summary>Thrown by a handler: the job is failed and not tried again, however many attempts are left. The tenant sees the message.</summary>
public sealed class JobFailedForGoodException : Exception
{
    /// <summary>Made without a message of its own.</summary>
    public JobFailedForGoodException()
        : this("The handler failed the job and asked not to be tried again.")
    {
    }

    /// <summary>Made with the message that the tenant sees.</summary>
    public JobFailedForGoodException(string message)
        : base(message)
    {
    }

    /// <summary>Made with the message that the tenant sees, and a cause, which it does not see.</summary>
    public JobFailedForGoodException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
