using System.Collections.Concurrent;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>
/// Many submissions at the same moment for five free slots, then for the last one, round after round, singly and in
/// batches: a count that is read before it is raised lets one too many in.
/// </summary>
internal sealed class LastSlotRace(int rounds, int racers) : QuotaAct
{
    /// <summary>Jobs of one batch: few, so that every process has several batches in the race.</summary>
    private const int BatchJobs = 11;

    private const int Limit = 5;
    private const int BodyMs = 250;
    private const int HolderMs = 600;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new("race", Limit)];

    public override IReadOnlyList<string> RacingTenants => ["race"];

    public override int Submissions => rounds * (racers + Limit - 1);

    public override int RefusedAtLeast => rounds;

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        var tenant = run.Tenant("race");
        var known = new ConcurrentDictionary<string, byte>(StringComparer.Ordinal);
        for (var round = 0; round < rounds; round++)
        {
            // Every other round all but one of the slots are taken first, so that the race is for the last.
            if (round % 2 == 1)
            {
                await FillAsync(run, tenant, Limit - 1, HolderMs, cancellationToken);
            }

            var jobs = Enumerable.Range(0, racers).Select(_ => run.NewJob(BodyMs)).ToList();
            await run.SubmitAtOnceAsync(tenant, [.. jobs.Chunk(round % 4 < 2 ? 1 : BatchJobs)], null, cancellationToken);
            await Task.WhenAll(tenant.Accepted.Keys.Where(job => known.TryAdd(job, 0)).Select(job => run.IsFinalAsync(tenant, job, Bound, cancellationToken)));
        }
    }
}
