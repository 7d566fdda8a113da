namespace Partywall.History;

/// <summary>A whole history in memory, as the checks take it. Immutable.</summary>
/// <remarks>A quick run has some thousands of events; the largest profile some hundred thousand.</remarks>
public sealed class HistoryData
{
    /// <summary>Puts a history together, from a file or by hand.</summary>
    /// <param name="events">The events in order of arrival; the first is the header, and no other is.</param>
    /// <param name="cut">Why the history is not complete; null when it is, or to have it said by a missing end record.</param>
    /// <exception cref="HistoryException">There is no header first.</exception>
    public HistoryData(IReadOnlyList<HistoryEvent> events, string? cut = null)
    {
        ArgumentNullException.ThrowIfNull(events);
        Header = events.Count > 0 && events[0] is RunHeader header
            ? header
            : throw new HistoryException("A history begins with its header.");
        Events = events;
        End = events[^1] as RunEnded;
        Cut = cut ?? (End is null ? "the history has no end record" : null);
    }

    /// <summary>The header.</summary>
    public RunHeader Header { get; }

    /// <summary>All events in the order of arrival, header and end included.</summary>
    public IReadOnlyList<HistoryEvent> Events { get; }

    /// <summary>The end record; null when the history was cut off.</summary>
    public RunEnded? End { get; }

    /// <summary>Why the history is not complete, in words; null when it is.</summary>
    public string? Cut { get; }

    /// <summary>Whether the run went through to its end and all of it is here. Otherwise nothing can pass, but what was seen can still fail.</summary>
    public bool IsComplete => Cut is null && End is { Outcome: RunOutcome.Finished };

    /// <summary>The events of one kind, in order of arrival.</summary>
    /// <typeparam name="T">The kind.</typeparam>
    public IEnumerable<T> Of<T>()
        where T : HistoryEvent => Events.OfType<T>();

    /// <summary>Loads a history from its file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="HistoryException">See <see cref="HistoryReader.ReadAsync"/>.</exception>
    public static async Task<HistoryData> LoadAsync(string path, CancellationToken cancellationToken = default)
    {
        var reader = new HistoryReader(path);
        var events = new List<HistoryEvent>();
        await foreach (var historyEvent in reader.ReadAsync(cancellationToken))
        {
            events.Add(historyEvent);
        }

        return new HistoryData(events, reader.Cut);
    }
}
