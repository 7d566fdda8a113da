namespace Partywall.Witness;

/// <summary>The witness refused the process, cannot be reached, or went away. The message says which.</summary>
public sealed class WitnessException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public WitnessException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    public WitnessException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public WitnessException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
