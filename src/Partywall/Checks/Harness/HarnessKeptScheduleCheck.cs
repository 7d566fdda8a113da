using Partywall.History;

namespace Partywall.Checks.Harness;

/// <summary>The load was sent when its schedule wanted it: the 99th percentile of its lateness is within what the run allows.</summary>
public sealed class HarnessKeptScheduleCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "harness.kept-schedule";

    /// <inheritdoc/>
    public string Claim => "The load was sent on schedule.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var lateness = history.Of<OperationInvoked>()
            .Where(static o => o.IntendedNs is not null)
            .Select(static o => Math.Max(0, o.AtNs - o.IntendedNs!.Value))
            .Order()
            .ToList();
        if (lateness.Count > 0)
        {
            var p99 = Nanoseconds.ToMs(Percentile.Of(lateness, 99));
            var most = history.Header.Demands.LatenessP99MsMax;
            notes.Figure("lateness p99", p99, "ms");
            if (p99 > most)
            {
                notes.Doubt($"The load fell behind: the 99th percentile of its lateness is {p99:0.0} ms (at most {most} ms). The machine was too busy, or the load too large for it.");
            }
        }

        return notes.Result(lateness.Count, "Nothing was sent on a schedule.");
    }
}
