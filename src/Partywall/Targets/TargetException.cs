namespace Partywall.Targets;

/// <summary>
/// A target could not do something the run depends on: start, onboard, stop. The message is written for the
/// person who runs it: what happened, what it means, what to do. A refusal of a tenant's call is a reply and never thrown.
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

    /// <summary>The system's own refusal, when that is what happened; null for anything else.</summary>
    public Refusal? Refusal { get; init; }
}
