using System.Globalization;
using Partywall.Checks.Jobs;
using Partywall.History;
using Partywall.Statistics;

namespace Partywall.Checks.Neighbours;

/*
 * A tenant's waits beside a neighbour against its waits alone, round by round. Each round is a pair: the same schedule twice,
 * once alone and once beside, one right after the other, so that what the machine does to both cancels out.
 *
 * A wait is from the moment its submission was intended to its body's start (a load that is held up by the system does not
 * make it look fast). A job that never started has waited until the history's end, at least: it is the worst wait of all and
 * must not be left out.
 *
 * The comparison is by interval (PairedBootstrap), with whole rounds drawn: the waits of a round hang together. With fewer
 * than RoundsMin of them their scatter is not known, so nothing is concluded.
 */

/// <summary>A well-behaved tenant's wait beside a neighbour is no longer than the run's bar allows, against its wait alone.</summary>
public sealed class NeighbourSlowdownCheck : ICheck
{
    /// <summary>The fewest rounds from which their scatter can be known.</summary>
    public const int RoundsMin = 10;

    /// <inheritdoc/>
    public string Name => "neighbour.slowdown";

    /// <inheritdoc/>
    public string Claim => "A well-behaved tenant's wait beside a neighbour, against its wait alone, is within the bar.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        if (!history.IsComplete)
        {
            return notes.Result(0, "The run did not go through to its end, and part of a comparison is none.");
        }

        var arms = Arm.Of(history);
        var judged = 0;
        string? belowBar = null;
        for (var i = 0; i < history.Events.Count; i++)
        {
            if (history.Events[i] is ComparisonStated comparison)
            {
                judged++;
                belowBar ??= Judge(history, comparison, i + 1, arms, notes);
            }
        }

        var result = notes.Result(judged, "The run states no comparison.");
        return result.Verdict == Verdict.Pass ? result with { BelowBar = belowBar } : result;
    }

    /// <returns>What is below our own bar, in words; null for nothing.</returns>
    private static string? Judge(HistoryData history, ComparisonStated stated, int line, List<Arm> arms, CheckNotes notes)
    {
        var rounds = Waits(history, stated.Tenant, arms)
            .GroupBy(static w => w.Arm.Round)
            .Select(static r => new SamplePair(
                [.. r.Where(static w => w.Arm.Kind == ComparisonArm.Solo).Select(static w => w.Ns)],
                [.. r.Where(static w => w.Arm.Kind == ComparisonArm.Beside).Select(static w => w.Ns)]))
            .ToList();
        var pairs = rounds.FindAll(static r => r.Baseline.Count > 0 && r.Treatment.Count > 0);
        if (pairs.Count < RoundsMin)
        {
            notes.Doubt($"{stated.Tenant} has waits in both arms of {pairs.Count} round(s), but {RoundsMin} are needed.");
            return null;
        }

        var percentile = "wait p" + stated.Percent.ToString("0.##", CultureInfo.InvariantCulture);
        var samples = Math.Min(pairs.Sum(static p => p.Baseline.Count), pairs.Sum(static p => p.Treatment.Count));
        var estimate = PairedBootstrap.OfPercentile(pairs, stated.Percent, history.Header.Seed);
        Show(estimate, percentile, pairs, stated, notes);
        var words =
            $"{stated.Tenant}'s {percentile} beside its neighbour is {Number(estimate.Ratio.Estimate)} times that alone (95 % interval {Number(estimate.Ratio.Low)} to {Number(estimate.Ratio.High)})";
        var needed = SampleSize.PerArm(stated.Percent, stated.RatioMax);
        if (samples < needed)
        {
            notes.Doubt($"{words}, from {samples} waits an arm; {needed} are needed for a bar of {Number(stated.RatioMax)}.");
            return null;
        }

        switch (RatioComparison.Judge(estimate, stated.RatioMax))
        {
            case Verdict.Fail:
                notes.Find($"{words}; the bar is {Number(stated.RatioMax)}.", [line, .. arms.Select(static a => a.Line)], stated.Tenant);
                break;
            case Verdict.Inconclusive:
                notes.Doubt($"{words}: on which side of {Number(stated.RatioMax)} it is cannot be told.");
                break;
        }

        return stated.BarRatioMax is { } bar && samples >= SampleSize.PerArm(stated.Percent, bar) && RatioComparison.Judge(estimate, bar) == Verdict.Fail
            ? $"{words} (our bar is {Number(bar)})"
            : null;
    }

    private static void Show(PairedEstimate estimate, string percentile, List<SamplePair> pairs, ComparisonStated stated, CheckNotes notes)
    {
        notes.Figure(percentile + " alone", Nanoseconds.ToMs(Percentile.Of([.. pairs.SelectMany(static p => p.Baseline).Order()], stated.Percent)), "ms", stated.Tenant);
        notes.Figure(percentile + " beside", Nanoseconds.ToMs(Percentile.Of([.. pairs.SelectMany(static p => p.Treatment).Order()], stated.Percent)), "ms", stated.Tenant);
        notes.Figure(percentile + " ratio", estimate.Ratio.Estimate, "times", stated.Tenant);
        notes.Figure(percentile + " ratio, lower bound", estimate.Ratio.Low, "times", stated.Tenant);
        notes.Figure(percentile + " ratio, upper bound", estimate.Ratio.High, "times", stated.Tenant);
        notes.Figure("rounds", pairs.Count, "rounds", stated.Tenant);
    }

    private static IEnumerable<(Arm Arm, long Ns)> Waits(HistoryData history, string tenant, List<Arm> arms)
    {
        var endNs = history.Events.Max(static e => e.AtNs);
        var starts = BodyRun.Of(history).GroupBy(static b => b.Start.Label, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.Min(static b => b.Start.AtNs), StringComparer.Ordinal);
        foreach (var job in SubmittedJob.Of(Operation.Of(history)).Values.Where(j => j.Tenant == tenant && j.Accepted is not null))
        {
            var asked = job.Operations[0].Asked;
            var fromNs = asked.IntendedNs ?? asked.AtNs;
            if (arms.FindLast(a => a.FromNs <= fromNs) is { } arm && fromNs < arm.UntilNs)
            {
                yield return (arm, Math.Max(0, starts.GetValueOrDefault(job.Label, endNs) - fromNs));
            }
        }
    }

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private sealed record Arm(int Round, ComparisonArm Kind, int Line, long FromNs, long UntilNs)
    {
        /// <summary>The arms in the order of time.</summary>
        public static List<Arm> Of(HistoryData history)
        {
            var arms = new List<Arm>();
            for (var i = 0; i < history.Events.Count; i++)
            {
                switch (history.Events[i])
                {
                    case ArmBegan began:
                        End(began.AtNs);
                        arms.Add(new Arm(began.Round, began.Arm, i + 1, began.AtNs, long.MaxValue));
                        break;
                    case PhaseBegan { Phase: RunPhase.Settling } over:
                        End(over.AtNs);
                        break;
                }
            }

            return arms;

            void End(long atNs)
            {
                if (arms.Count > 0 && arms[^1].UntilNs == long.MaxValue)
                {
                    arms[^1] = arms[^1] with { UntilNs = atNs };
                }
            }
        }
    }
}
