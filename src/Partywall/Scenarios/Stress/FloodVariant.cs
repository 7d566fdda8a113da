using System.Globalization;
using Partywall.History;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress;

/// <summary>
/// One flood of <see cref="IsolationUnderLoad"/>. In each wave every tenant submits its jobs in one instant; while as
/// many bodies run as may, each tenant's neighbour reaches for its jobs; between waves all work ends, so that the next
/// wave shows whether the slots came back.
/// </summary>
internal sealed class FloodVariant : ScenarioVariant
{
    private const int Limit = 5;
    private const string Bystander = "bystander";

    /// <summary>Slots beyond the sum of the limits, so that it is the limits that bind and a body too many has a slot to run in.</summary>
    private const int SpareSlots = 14;

    private readonly int _tenants;
    private readonly int _jobsEach;
    private readonly int _maxQueued;
    private readonly int _waves;
    private readonly int _bodyMs;

    public FloodVariant(string name, ScenarioSize size, int maxQueued, int waves)
    {
        var quick = size.Profile == RunProfile.Quick;
        Name = name;
        _tenants = size.Tenants ?? (quick ? 10 : 100);
        _jobsEach = quick ? 20 : 200;
        _maxQueued = maxQueued;
        _waves = waves;
        _bodyMs = (quick, maxQueued) switch
        {
            (true, 0) => 1_000,
            (true, _) => 400,
            (false, 0) => 15_000,
            (false, _) => 1_000,
        };
        Tenants =
        [
            .. Enumerable.Range(1, _tenants).Select(i => new TenantSpec("tenant-" + i.ToString("D3", CultureInfo.InvariantCulture), Limit, maxQueued)),
            new TenantSpec(Bystander, Limit, maxQueued),
        ];
    }

    public override string Name { get; }

    public override int Workers => 2;

    public override int SlotsPerWorker => ((_tenants * Limit) + SpareSlots + 1) / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; }

    public override IReadOnlyList<string> Bystanders => [Bystander];

    public override string Why =>
        $"N = {Workers * SlotsPerWorker} slots is more than the {_tenants} limits of {Limit} together, so a limit binds before the pool does and a body too many would find a slot; "
        + $"bodies of {_bodyMs} ms outlast the submission of all {_tenants * _jobsEach} jobs, so all tenants overlap at their limits; "
        + (_maxQueued == 0
            ? $"with no backlog {_jobsEach - Limit} of each tenant's {_jobsEach} must be refused, and a second wave shows that every slot came back."
            : $"with a backlog of {_maxQueued} each tenant has {Limit + _maxQueued} jobs to work off, some {(Limit + _maxQueued) / Limit} rounds, in which any tenant left behind would show.");

    public override RunDemands Demands => new(
        AtLimit: [.. Busy.Select(static t => t.Id)],
        TenantsOverlapping: _tenants,
        RefusedAtLeast: _tenants * _waves,
        CompletedAtLeast: _tenants * (Limit - 1) * _waves,
        ProbesAtLeast: _tenants * 3,
        KeysAtLeast: _tenants,
        LatenessP99MsMax: WorkMs / 2,
        SettleMsMax: 10_000 + (5 * WorkMs),
        StallMsMax: 2_000);

    public override int Submissions => _waves * _tenants * _jobsEach;

    public override int LoadMsMax => 60_000 + (_waves * 20 * _bodyMs);

    /// <summary>
    /// How long a tenant's admitted jobs take at its limit. "At once" means: all was sent before half of it was done.
    /// </summary>
    private int WorkMs => _bodyMs * (Limit + _maxQueued) / Limit;

    private IEnumerable<TenantSpec> Busy => Tenants.Take(_tenants);

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        for (var wave = 0; wave < _waves; wave++)
        {
            var arrivals = Schedule.Burst(_tenants, _jobsEach, dueMs: 0, run.Random);
            var load = OpenLoop.RunAsync(
                arrivals,
                run.Clock,
                (arrival, intendedNs) => run.Tenants[arrival.Tenant].SubmitAsync(run.NewJob(_bodyMs, progressSteps: 2), intendedNs, cancellationToken),
                cancellationToken);
            try
            {
                if (wave == 0)
                {
                    await ProbeAsync(run, cancellationToken);
                }
            }
            finally
            {
                await load;
            }

            if (wave + 1 < _waves)
            {
                await AllEndedAsync(run, cancellationToken);
            }
        }
    }

    /// <summary>While the flood is on: each tenant's neighbour in the ring reaches for its jobs.</summary>
    private async Task ProbeAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        var busy = run.Tenants.Take(_tenants).ToList();
        await run.Witness.WaitAsync(
            w => busy.All(t => w.Running(t.Id) >= Limit), TimeSpan.FromMilliseconds(_bodyMs), cancellationToken);

        // Different seeds make different absent ids, the same seed the same: drawn before the probes go their own ways.
        var seeds = busy.ConvertAll(_ => run.Random.Next());
        await Task.WhenAll(busy.Select((owner, i) =>
            CrossTenantProbe.RunAsync(run, owner, busy[(i + 1) % busy.Count], new Random(seeds[i]), cancellationToken)));
        if (run.Target.TryGet<IKeyInspection>(out var keys))
        {
            await run.InspectKeysAsync(keys, cancellationToken);
        }
    }

    /// <summary>Waits until every job accepted so far has ended, by its body and by the system's word.</summary>
    private async Task AllEndedAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        var bound = TimeSpan.FromMilliseconds(5_000 + (5 * _bodyMs));
        await run.BodiesEndedAsync(bound, cancellationToken);
        await Task.WhenAll(run.Tenants.SelectMany(t => t.Accepted.Keys.Select(job => run.IsFinalAsync(t, job, bound, cancellationToken))));
    }
}
