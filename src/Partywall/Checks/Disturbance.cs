using Partywall.History;

namespace Partywall.Checks;

/// <summary>
/// A span of time in which something was done to the system, or to the machine under it, so that what holds in
/// peace need not hold: a fault from its begin until it is healed, or a stall longer than the run allows.
/// </summary>
/// <param name="Kind">The fault's kind, or <see cref="Stall"/>.</param>
/// <param name="Process">The process it strikes; null when it strikes none alone.</param>
/// <param name="FromNs">Its begin.</param>
/// <param name="UntilNs">Its end; not bounded when it was not seen to end.</param>
internal sealed record Disturbance(string Kind, string? Process, long FromNs, long UntilNs)
{
    /// <summary>The kind of a silence nobody ordered.</summary>
    public const string Stall = "stall";

    /// <summary>The name under which the harness reports its own stalls.</summary>
    public const string Harness = "harness";

    /// <summary>All disturbances of a history, in the order in which they were first heard of.</summary>
    public static IReadOnlyList<Disturbance> Of(HistoryData history)
    {
        var all = new List<Disturbance>();
        var open = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var historyEvent in history.Events)
        {
            switch (historyEvent)
            {
                case FaultMarked { Mark: FaultMark.Begins } fault:
                    open[fault.Fault] = all.Count;
                    all.Add(new Disturbance(fault.Kind, fault.Process, fault.AtNs, long.MaxValue));
                    break;
                case FaultMarked { Mark: FaultMark.Healed } fault when open.Remove(fault.Fault, out var begun):
                    all[begun] = all[begun] with { UntilNs = fault.AtNs };
                    break;
                case WitnessStalled stall when stall.AtNs - stall.FromNs > Nanoseconds.FromMs(history.Header.Demands.StallMsMax):
                    all.Add(new Disturbance(Stall, stall.Process, stall.FromNs, stall.AtNs));
                    break;
            }
        }

        return all;
    }

    /// <summary>Whether it overlaps a span, with some time to recover after it.</summary>
    public bool Touches(long fromNs, long untilNs, long recoveryNs = 0) =>
        FromNs <= untilNs && (UntilNs == long.MaxValue || UntilNs + recoveryNs >= fromNs);
}
