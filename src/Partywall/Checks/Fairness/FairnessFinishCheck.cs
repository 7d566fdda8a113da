using System.Globalization;
using Partywall.Checks.Jobs;
using Partywall.History;

namespace Partywall.Checks.Fairness;

/*
 * Tenants of equal weight that submit equal work in one instant end it together. What is compared is the time from the first
 * submission of all to each tenant's last stop.
 *
 * Two job lengths are never held against anybody: the last job of one may start just as the last of the other ends, and that
 * in both directions. Where work is cut into jobs of different lengths, the one with more jobs has more hand-overs between
 * them, which are slot time too: it may end later by as much as its additional hand-overs at the stated length, spread over
 * the slots it had. Within that the check does not decide.
 */

/// <summary>Equal work of equal weight, submitted together, ends together.</summary>
public sealed class FairnessFinishCheck : ICheck
{
    /// <summary>How much longer than the first the last may take.</summary>
    public const double DifferenceMax = 0.2;

    /// <summary>Our own bar for the same.</summary>
    public const double BarDifferenceMax = 0.02;

    /// <summary>The difference is never judged finer than this many job lengths, hand-over included.</summary>
    public const int JobLengthsMin = 2;

    /// <summary>How far apart the tenants' work may be, measured in body time, to count as equal.</summary>
    public const double WorkDifferenceMax = 0.1;

    /// <inheritdoc/>
    public string Name => "fairness.finish";

    /// <inheritdoc/>
    public string Claim => "Equal work submitted together ends together.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        if (FairnessTerms.Of(history, notes) is not { } stated)
        {
            return notes.Result(0, "The run does not say between whom fairness is tried.");
        }

        var works = Work.Of(history, stated.Terms, notes);
        var compared = 0;
        string? belowBar = null;
        foreach (var group in works.GroupBy(static w => w.Tenant.Weight).Select(static g => g.ToList()).Where(static g => g.Count > 1))
        {
            if (WhyNotEqual(group) is { } reason)
            {
                notes.Doubt(reason);
                continue;
            }

            compared++;
            belowBar ??= Judge(group, stated, notes);
        }

        if (Disturbance.Of(history).Count > 0)
        {
            notes.Doubt("Something was done to the system, or to the machine under it, so when work ended shows nothing.");
        }

        var result = notes.Result(compared, "No two tenants of the same weight had equal work to compare.");
        return result.Verdict == Verdict.Pass ? result with { BelowBar = belowBar } : result;
    }

    private static string? WhyNotEqual(List<Work> group)
    {
        var (least, most) = (group.MinBy(static w => w.BodiesNs)!, group.MaxBy(static w => w.BodiesNs)!);
        if (most.BodiesNs - least.BodiesNs > WorkDifferenceMax * most.BodiesNs)
        {
            return $"{most.Tenant.Tenant} had {Nanoseconds.ToMs((long)most.BodiesNs):0} ms of work and {least.Tenant.Tenant} {Nanoseconds.ToMs((long)least.BodiesNs):0} ms, so they need not end together.";
        }

        // Who comes late ends late, and that is the load's doing.
        var firstEndNs = group.Min(static w => w.EndNs);
        var late = group.MaxBy(static w => w.LastSubmittedNs)!;
        var beganNs = group.Min(static w => w.FirstSubmittedNs);
        return group.Max(static w => w.FirstSubmittedNs) - beganNs > WorkDifferenceMax * (firstEndNs - beganNs) || late.LastSubmittedNs >= firstEndNs
            ? $"The work was not submitted together: {late.Tenant.Tenant} was still submitting {Nanoseconds.ToMs(late.LastSubmittedNs - beganNs):0} ms after the first."
            : null;
    }

    /// <returns>What is below our own bar, in words; null for nothing.</returns>
    private static string? Judge(List<Work> group, (FairnessStated Terms, int Line) stated, CheckNotes notes)
    {
        var beganNs = group.Min(static w => w.FirstSubmittedNs);
        var (first, last) = (group.MinBy(static w => w.EndNs)!, group.MaxBy(static w => w.EndNs)!);
        var (firstNs, lastNs) = (first.EndNs - beganNs, last.EndNs - beganNs);
        var lengthsNs = JobLengthsMin * (group.Max(static w => w.LongestNs) + Nanoseconds.FromMs(stated.Terms.HandOverMs));
        var differenceNs = (double)lastNs - firstNs;
        var handOversNs = Math.Max(0, last.Attempts - first.Attempts) * (double)Nanoseconds.FromMs(stated.Terms.HandOverMs) / Math.Max(1, last.BodiesNs / lastNs);
        var words =
            $"{first.Tenant.Tenant} had ended its work after {Nanoseconds.ToMs(firstNs):0} ms and {last.Tenant.Tenant} after {Nanoseconds.ToMs(lastNs):0} ms, {(100 * differenceNs / firstNs).ToString("0.0", CultureInfo.InvariantCulture)} % later";
        notes.Figure("first to end", Nanoseconds.ToMs(firstNs), "ms", first.Tenant.Tenant);
        notes.Figure("last to end", Nanoseconds.ToMs(lastNs), "ms", last.Tenant.Tenant);
        notes.Figure("difference in ending", 100 * differenceNs / firstNs, "%");
        var allowedNs = Math.Max(DifferenceMax * firstNs, lengthsNs);
        if (differenceNs - handOversNs > allowedNs)
        {
            notes.Find(words + ", though both had equal work.", [stated.Line, first.TenantLine, last.TenantLine, first.EndLine, last.EndLine], last.Tenant.Tenant);
        }
        else if (differenceNs > allowedNs)
        {
            notes.Doubt(words + "; how much of that are its additional hand-overs between jobs cannot be told.");
        }

        return differenceNs > Math.Max(BarDifferenceMax * firstNs, lengthsNs) ? words + $" (our bar is {100 * BarDifferenceMax:0} %)" : null;
    }

    /// <summary>A tenant's work under load.</summary>
    private sealed record Work(TenantOnboarded Tenant, int TenantLine, long FirstSubmittedNs, long LastSubmittedNs, List<BodyRun> Bodies)
    {
        public double BodiesNs { get; } = Bodies.Sum(static b => (double)(b.SurelyUntilNs - b.Start.AtNs));

        public long LongestNs { get; } = Bodies.Max(static b => b.SurelyUntilNs - b.Start.AtNs);

        public long EndNs { get; } = Bodies.Max(static b => b.SurelyUntilNs);

        public int EndLine { get; } = Bodies.MaxBy(static b => b.SurelyUntilNs)!.StopLine;

        public int Attempts => Bodies.Count;

        public static List<Work> Of(HistoryData history, FairnessStated terms, CheckNotes notes)
        {
            var all = new List<Work>();
            var loadNs = history.Of<PhaseBegan>().FirstOrDefault(static p => p.Phase == RunPhase.Load)?.AtNs ?? 0;
            var jobs = SubmittedJob.Of(Operation.Of(history)).Values
                .Where(j => j.Accepted is not null && j.Operations[0].Asked.AtNs >= loadNs)
                .ToLookup(static j => j.Tenant, StringComparer.Ordinal);
            var bodies = BodyRun.Of(history).ToLookup(static b => b.Start.Label, StringComparer.Ordinal);
            for (var i = 0; i < history.Events.Count; i++)
            {
                if (history.Events[i] is not TenantOnboarded tenant || !terms.Tenants.Contains(tenant.Tenant, StringComparer.Ordinal) || !jobs[tenant.Tenant].Any())
                {
                    continue;
                }

                var ran = jobs[tenant.Tenant].SelectMany(j => bodies[j.Label]).ToList();
                var open = jobs[tenant.Tenant].Count(j => !bodies[j.Label].Any(static b => b.Stop is not null));
                if (open > 0 || ran.Exists(static b => b.SurelyUntilNs == long.MaxValue))
                {
                    notes.Doubt($"{open} job(s) of {tenant.Tenant} had no body that stopped, so when its work ended was not seen.");
                    continue;
                }

                all.Add(new Work(
                    tenant,
                    i + 1,
                    jobs[tenant.Tenant].Min(static j => j.Operations[0].Asked.AtNs),
                    jobs[tenant.Tenant].Max(static j => j.Accepted!.Asked.AtNs),
                    ran));
            }

            return all;
        }
    }
}
