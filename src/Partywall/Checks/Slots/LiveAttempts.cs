namespace Partywall.Checks.Slots;

/// <summary>How many of a tenant's attempts were alive around a span, from sorted starts and ends.</summary>
internal sealed class LiveAttempts
{
    private readonly long[] _starts;
    private readonly long[] _sureEnds;
    private readonly long[] _possibleEnds;
    private readonly List<(long Start, long End)> _spans;

    public LiveAttempts(IEnumerable<BodyRun> bodies)
    {
        _spans = [.. bodies.Select(static b => (b.Start.AtNs, b.SurelyUntilNs))];
        _starts = [.. _spans.Select(static s => s.Start).Order()];
        _sureEnds = [.. _spans.Select(static s => s.End).Order()];
        _possibleEnds = [.. bodies.Select(static b => b.PossiblyUntilNs).Order()];
    }

    /// <summary>Bodies that surely ran from the first moment to the last.</summary>
    public int Throughout(long fromNs, long untilNs)
    {
        // Started before the span, less those that had ended before its end. A body that started and ended inside is in
        // the second count only, so it is taken out of it.
        var started = CountBelow(_starts, fromNs);
        var ended = CountBelow(_sureEnds, untilNs);
        var inside = 0;
        for (var i = started; i < _starts.Length && _starts[i] < untilNs; i++)
        {
            inside++;
        }

        if (inside == 0)
        {
            return Math.Max(0, started - ended);
        }

        var endedInside = _spans.Count(s => s.Start >= fromNs && s.End < untilNs);
        return Math.Max(0, started - (ended - endedInside));
    }

    /// <summary>Bodies that may have held a slot at some moment of the span.</summary>
    public int Around(long fromNs, long untilNs)
    {
        var handOverNs = Nanoseconds.FromMs(SlotsConservedCheck.HandOverMs);
        return CountBelow(_starts, untilNs + handOverNs + 1) - CountBelow(_possibleEnds, fromNs - handOverNs);
    }

    private static int CountBelow(long[] sorted, long value)
    {
        var index = Array.BinarySearch(sorted, value);
        if (index < 0)
        {
            return ~index;
        }

        while (index > 0 && sorted[index - 1] == value)
        {
            index--;
        }

        return index;
    }
}
