using Partywall.Checks;
using Partywall.Checks.Jobs;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Reporting;

/// <summary>A tenant's figures in one run.</summary>
/// <param name="Tenant">Its id.</param>
/// <param name="Limit">The largest limit it had in the run.</param>
/// <param name="Peak">The most of its bodies that ran at once, by the witness.</param>
/// <param name="Accepted">Jobs accepted.</param>
/// <param name="Refused">Submissions refused.</param>
/// <param name="WaitP50Ms">Half of its jobs waited no longer than this for their first start, in milliseconds; null when none started.</param>
/// <param name="WaitP99Ms">The same for 99 of 100.</param>
public sealed record TenantFigures(
    string Tenant, int Limit, int Peak, int Accepted, int Refused, double? WaitP50Ms, double? WaitP99Ms);

/// <summary>
/// The figures of one run, from its history: shown beside the verdict, never judged. Waits count from the moment the
/// schedule wanted the submission sent (without a schedule: from when it was sent) to the start of the first body.
/// </summary>
/// <param name="DurationMs">Length of the recorded run, in milliseconds.</param>
/// <param name="Accepted">Jobs accepted.</param>
/// <param name="Refused">Submissions refused.</param>
/// <param name="Unknown">Submissions of which nobody knows whether they were taken.</param>
/// <param name="Bodies">Bodies that ran.</param>
/// <param name="PeakConcurrency">The most bodies that ran at once, over all tenants.</param>
/// <param name="PoolSize">Bodies that could run at once.</param>
/// <param name="WaitP50Ms">Half of the jobs waited no longer than this for their first start, in milliseconds; null when none started.</param>
/// <param name="WaitP99Ms">The same for 99 of 100.</param>
/// <param name="Tenants">Each tenant's figures, in the order in which they were brought in.</param>
public sealed record ScenarioFigures(
    double DurationMs,
    int Accepted,
    int Refused,
    int Unknown,
    int Bodies,
    int PeakConcurrency,
    int PoolSize,
    double? WaitP50Ms,
    double? WaitP99Ms,
    IReadOnlyList<TenantFigures> Tenants)
{
    /// <summary>Takes the figures from a history.</summary>
    /// <param name="history">The history, complete or not.</param>
    public static ScenarioFigures Of(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var bodies = BodyRun.Of(history);
        var jobs = SubmittedJob.Of(Operation.Of(history)).Values.ToList();
        var firstStart = bodies
            .GroupBy(static b => b.Start.Label, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.Min(static b => b.Start.AtNs), StringComparer.Ordinal);
        var waits = jobs
            .Where(j => j.Accepted is not null && firstStart.ContainsKey(j.Label))
            .Select(j => (j.Tenant, WaitNs: Math.Max(0, firstStart[j.Label] - (j.Operations[0].Asked.IntendedNs ?? j.Operations[0].Asked.AtNs))))
            .ToLookup(static w => w.Tenant, static w => w.WaitNs, StringComparer.Ordinal);
        var all = waits.SelectMany(static w => w).Order().ToList();
        var byTenant = jobs.ToLookup(static j => j.Tenant, StringComparer.Ordinal);
        var bodiesByTenant = bodies.ToLookup(static b => b.Start.Tenant, StringComparer.Ordinal);
        var limits = history.Of<LimitChange>().Where(static c => c.Mark == LimitChangeMark.Confirmed)
            .ToLookup(static c => c.Tenant, static c => c.MaxConcurrent, StringComparer.Ordinal);
        return new ScenarioFigures(
            Nanoseconds.ToMs(history.Events.Max(static e => e.AtNs)),
            jobs.Count(static j => j.Accepted is not null),
            jobs.Sum(RefusedOf),
            jobs.Count(static j => j.IsUnknown),
            bodies.Count,
            PeakOf(bodies),
            history.Header.PoolSize,
            At(all, 50),
            At(all, 99),
            [.. history.Of<TenantOnboarded>().Select(TenantOf)]);

        TenantFigures TenantOf(TenantOnboarded tenant)
        {
            var sorted = waits[tenant.Tenant].Order().ToList();
            return new TenantFigures(
                tenant.Tenant,
                limits[tenant.Tenant].Append(tenant.MaxConcurrent).Max(),
                PeakOf(bodiesByTenant[tenant.Tenant]),
                byTenant[tenant.Tenant].Count(static j => j.Accepted is not null),
                byTenant[tenant.Tenant].Sum(RefusedOf),
                At(sorted, 50),
                At(sorted, 99));
        }
    }

    private static int RefusedOf(SubmittedJob job) => job.Operations.Count(static o => o.Result == ReplyKind.Refused);

    private static double? At(List<long> sorted, double percent) =>
        sorted.Count == 0 ? null : Math.Round(Nanoseconds.ToMs(Percentile.Of(sorted, percent)), 3);

    private static int PeakOf(IEnumerable<BodyRun> bodies)
    {
        var now = 0;
        var peak = 0;
        foreach (var (_, change) in bodies
            .Where(static b => b.SurelyUntilNs > b.Start.AtNs)
            .SelectMany(static b => new[] { (b.Start.AtNs, Change: 1), (AtNs: b.SurelyUntilNs, Change: -1) })
            .OrderBy(static m => m.AtNs).ThenBy(static m => m.Change))
        {
            now += change;
            peak = Math.Max(peak, now);
        }

        return peak;
    }
}
