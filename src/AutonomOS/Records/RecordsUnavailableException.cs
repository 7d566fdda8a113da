namespace AutonomOS.Records;

/// <summary>
/// The records did not answer within their bound, or cannot be opened or written. A read told nothing; a write was not
/// done, unless <see cref="OutcomeUnknown"/> says that this cannot be known.
/// </summary>
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

    /// <summary>Whether the connection was lost for good while a change was to be made final: it may have been done.</summary>
    public bool OutcomeUnknown { get; init; }
}
