namespace Partywall.History;

/// <summary>A history cannot be written or read. The message names the file, the line and the reason.</summary>
public sealed class HistoryException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public HistoryException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">The file, the line and the reason.</param>
    public HistoryException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its cause.</summary>
    /// <param name="message">The file, the line and the reason.</param>
    /// <param name="innerException">The cause.</param>
    public HistoryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
