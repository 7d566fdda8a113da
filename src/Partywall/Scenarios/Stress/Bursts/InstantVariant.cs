using System.Globalization;
using Partywall.History;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Bursts;

/// <summary>
/// Every tenant submits fifty jobs in one instant, one call a job. Once all are answered, and long before all have run, the
/// same again: the second fifty fill what is left of the backlog and have to wait behind the first.
/// </summary>
internal sealed class InstantVariant : ScenarioVariant
{
    private const int Limit = 5;
    private const int Each = 50;
    private const int Waves = 2;

    /// <summary>Room for all of the first wave, and for some of the second.</summary>
    private const int MaxQueued = 75;
    private const int BodyMs = 250;

    /// <summary>Slots beyond the sum of the limits, so that a body too many would find one.</summary>
    private const int SpareSlots = 7;

    private readonly int _tenants;

    public InstantVariant(ScenarioSize size)
    {
        _tenants = size.Tenants ?? 5;
        Tenants = [.. Enumerable.Range(1, _tenants).Select(i => new TenantSpec("burst-" + i.ToString("D3", CultureInfo.InvariantCulture), Limit, MaxQueued))];
    }

    public override string Name => "instant";

    public override int Workers => 2;

    public override int SlotsPerWorker => ((_tenants * Limit) + SpareSlots + 1) / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; }

    public override IReadOnlyList<string> Checks { get; } = ["latency.submission", "jobs.refused-never-ran", "harness.kept-schedule"];

    public override string Why =>
        $"N = {Workers * SlotsPerWorker} slots is more than the {_tenants} limits of {Limit} together, so a body too many would find a slot; "
        + $"limit and backlog hold {Limit + MaxQueued} jobs, so the first {Each} of each tenant are all queued, and of the second {Each} some must be refused; "
        + $"bodies of {BodyMs} ms keep a tenant's first {Each} busy for {Each / Limit * BodyMs} ms, so the second burst arrives while the first still waits, and who overtakes is seen.";

    public override RunDemands Demands => new(
        AtLimit: [.. Tenants.Select(static t => t.Id)],
        TenantsOverlapping: _tenants,
        RefusedAtLeast: _tenants,
        CompletedAtLeast: _tenants * Each,
        ProbesAtLeast: 0,
        KeysAtLeast: 0,

        // A tenth of the two seconds that are judged.
        LatenessP99MsMax: 200,
        SettleMsMax: 30_000,
        StallMsMax: 2_000);

    public override int Submissions => Waves * _tenants * Each;

    public override int LoadMsMax => 60_000;

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        for (var wave = 0; wave < Waves; wave++)
        {
            await OpenLoop.RunAsync(
                Schedule.Burst(_tenants, Each, dueMs: 0, run.Random),
                run.Clock,
                (arrival, intendedNs) => run.Tenants[arrival.Tenant].SubmitAsync(run.NewJob(BodyMs), intendedNs, cancellationToken),
                cancellationToken);
        }
    }
}
