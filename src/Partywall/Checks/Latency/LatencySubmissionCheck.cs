using System.Globalization;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Latency;

/// <summary>
/// A burst, all submissions meant for one and the same instant, is answered to the last within <see cref="AskedMsMax"/>.
/// </summary>
/// <remarks>
/// The time runs from the instant the schedule named, not from when each was sent, so a slow generator is not to the
/// system's favour; <c>harness.kept-schedule</c> judges the generator. A submission without an answer at all is the
/// business of <c>errors.clear</c>.
/// </remarks>
public sealed class LatencySubmissionCheck : ICheck
{
    /// <summary>The longest a burst may take, in milliseconds.</summary>
    public const int AskedMsMax = 2_000;

    /// <summary>The product's own bar for a burst of up to <see cref="BarBurst"/>, in milliseconds.</summary>
    public const int BarMsMax = 100;

    /// <summary>The largest burst that the bar is for, in submissions.</summary>
    public const int BarBurst = 250;

    /// <summary>Fewer than this, in submissions, are no burst.</summary>
    public const int BurstMin = 10;

    /// <inheritdoc/>
    public string Name => "latency.submission";

    /// <inheritdoc/>
    public string Claim => "A burst of submissions is answered to the last within two seconds.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var stalls = Disturbance.Of(history);
        var bursts = Operation.Of(history)
            .Where(static o => o is { Asked: { Kind: OperationKind.Submit, IntendedNs: not null }, Answer.Result: ReplyKind.Ok or ReplyKind.Refused })
            .GroupBy(static o => o.Asked.IntendedNs!.Value)
            .Select(static burst => burst.ToList())
            .Where(static burst => burst.Count >= BurstMin)
            .ToList();
        var slowestMs = 0.0;
        var barredMs = 0.0;
        foreach (var burst in bursts)
        {
            var fromNs = burst[0].Asked.IntendedNs!.Value;
            var last = burst.MaxBy(static o => o.Answer!.AtNs)!;
            var tookMs = Nanoseconds.ToMs(last.Answer!.AtNs - fromNs);
            slowestMs = Math.Max(slowestMs, tookMs);
            barredMs = burst.Count <= BarBurst ? Math.Max(barredMs, tookMs) : barredMs;
            var words = string.Create(
                CultureInfo.InvariantCulture,
                $"The last of {burst.Count} submissions meant for one instant was answered after {tookMs:0} ms (at most {AskedMsMax} ms).");
            if (tookMs <= AskedMsMax)
            {
                continue;
            }

            if (stalls.Any(s => s.Touches(fromNs, last.Answer.AtNs)))
            {
                notes.Doubt(words + " The machine stalled meanwhile.");
            }
            else
            {
                notes.Find(words, last.Lines, last.Asked.Tenant, last.Answer.Job);
            }
        }

        notes.Figure("bursts", bursts.Count, "bursts");
        notes.Figure("largest burst", bursts.Count == 0 ? 0 : bursts.Max(static b => b.Count), "submissions");
        notes.Figure("slowest burst", slowestMs, "ms");
        var result = notes.Result(bursts.Count, "No burst of submissions was sent on a schedule and answered.");
        return result.Verdict == Verdict.Pass && barredMs > BarMsMax
            ? result with { BelowBar = string.Create(CultureInfo.InvariantCulture, $"{barredMs:0} ms for a burst of up to {BarBurst}; our bar is {BarMsMax} ms.") }
            : result;
    }
}
