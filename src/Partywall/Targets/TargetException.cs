namespace Partywall.Targets;

/// <summary>
/// A target could not do something the run depends on: start, onboard, stop. The message is written for the
/// person who runs it: what happened, what it means, what to do. It is never thrown for a refusal, which is a reply.
/// </summary>
public sealed class TargetException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public TargetException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, what it means, what to do.</param>
    public TargetException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">What happened, what it means, what to do.</param>
    /// <param name="innerException">The cause.</param>
    public TargetException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
