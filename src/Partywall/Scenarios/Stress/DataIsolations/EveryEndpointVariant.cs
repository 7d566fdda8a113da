using System.Globalization;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.DataIsolations;

/// <summary>A job of every tenant in every situation, and everybody else reaching for it through every endpoint.</summary>
internal sealed class EveryEndpointVariant : ScenarioVariant
{
    private const int MaxQueued = 20;
    private const int SpareSlots = 6;

    /// <summary>At rest while the others are busy. Its name is the beginning of theirs.</summary>
    private const string Bystander = "data";

    private readonly int _tenants;
    private readonly int _holdMs;

    public EveryEndpointVariant(ScenarioSize size)
    {
        var quick = size.Profile == RunProfile.Quick;

        // 20 tenants: 380 ordered pairs × 7 situations × 4 endpoints that name a job are more than 10,000 probes.
        _tenants = size.Tenants ?? (quick ? 5 : 20);
        _holdMs = quick ? 120_000 : 900_000;

        // data1, data10, data100, …: some are the beginnings of others.
        Tenants =
        [
            .. Enumerable.Range(0, _tenants).Select(i => new TenantSpec(
                $"{Bystander}{(i % 4) + 1}{new string('0', i / 4)}", Victims.Limit, MaxQueued)),
            new TenantSpec(Bystander, Victims.Limit, MaxQueued),
        ];
    }

    public override string Name => "";

    public override int Workers => 2;

    public override int SlotsPerWorker => ((_tenants * Victims.Limit) + SpareSlots + 1) / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; }

    public override IReadOnlyList<string> Bystanders => [Bystander];

    public override string Why => string.Create(
        CultureInfo.InvariantCulture,
        $"Both slots of each tenant (limit {Victims.Limit}) are held by bodies of {_holdMs / 1000} s, far longer than all probes take, so every job stays in its situation until its owner ends it; N = {Workers * SlotsPerWorker} slots is more than all limits together, so nothing waits for another tenant.");

    public override RunDemands Demands => new(
        AtLimit: [.. Tenants.Take(_tenants).Select(static t => t.Id)],
        TenantsOverlapping: _tenants,
        RefusedAtLeast: 0,
        CompletedAtLeast: _tenants,
        ProbesAtLeast: _tenants * Situation.All.Count,
        KeysAtLeast: _tenants,
        LatenessP99MsMax: 0,
        SettleMsMax: 30_000,
        StallMsMax: 5_000);

    public override int Submissions => _tenants * (Situation.All.Count + 1);

    public override int LoadMsMax => _holdMs;

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        if (!run.Target.TryGet<IApiSurface>(out var surface))
        {
            throw new InvalidOperationException("The scenario needs the API's surface.");
        }

        var tenants = run.Tenants.Take(_tenants).ToList();
        var endpoints = await surface.EndpointsAsync(cancellationToken);
        run.Record(new SurfaceListed(
            run.Clock.NowNs,
            [.. endpoints.Select(static e => new SurfaceEndpoint(e.Name, e.Reach))],
            [.. tenants.Select(static t => t.Id)],
            [.. Situation.All.Select(static s => s.Name)]));
        var victims = await Task.WhenAll(tenants.Select(t => Victims.MakeAsync(run, t, _holdMs, cancellationToken)));
        if (run.Target.TryGet<IKeyInspection>(out var keys))
        {
            await run.InspectKeysAsync(keys, cancellationToken);
        }

        var seeds = tenants.ConvertAll(_ => run.Random.Next());
        var probes = new EndpointProbes(run, surface, endpoints, tenants);
        try
        {
            await Task.WhenAll(tenants.Select((owner, i) => probes.RunAsync(owner, victims[i], new Random(seeds[i]), cancellationToken)));
        }
        finally
        {
            // Nothing of it would end by itself.
            await Task.WhenAll(tenants.SelectMany(static t => t.Accepted.Keys.Select(job => (Tenant: t, Job: job)))
                .Select(j => j.Tenant.CancelAsync(j.Job, null, cancellationToken)));
        }
    }
}
