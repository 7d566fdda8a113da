using System.Globalization;
using Partywall.History;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Bursts;

/// <summary>A hundred thousand jobs in one burst, in batches from every tenant at the same time: not one may be lost.</summary>
internal sealed class BatchVariant : ScenarioVariant
{
    private const int Total = 100_000;
    private const int Batch = 500;
    private const int BatchesAtOnce = 4;
    private const int Limit = 8;
    private const int SpareSlots = 8;

    private readonly int _tenants;
    private readonly int _each;

    public BatchVariant(ScenarioSize size)
    {
        _tenants = size.Tenants ?? 5;
        _each = Total / _tenants;
        Tenants = [.. Enumerable.Range(1, _tenants).Select(i => new TenantSpec("flood-" + i.ToString("D3", CultureInfo.InvariantCulture), Limit, _each))];
    }

    public override string Name => "hundred-thousand";

    public override int Workers => 2;

    public override int SlotsPerWorker => ((_tenants * Limit) + SpareSlots + 1) / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; }

    public override string Why =>
        $"{_tenants} × {_each} jobs whose bodies return at once: the backlog holds them all, so none may be refused and none may be lost; "
        + $"N = {Workers * SlotsPerWorker} slots is more than the limits of {Limit} together, so a body too many would find a slot.";

    public override RunDemands Demands => new(
        AtLimit: [],
        TenantsOverlapping: Math.Min(_tenants, 3),
        RefusedAtLeast: 0,
        CompletedAtLeast: _tenants * _each,
        ProbesAtLeast: 0,
        KeysAtLeast: 0,
        LatenessP99MsMax: 0,
        SettleMsMax: 600_000,
        StallMsMax: 5_000);

    public override int Submissions => _tenants * _each;

    public override int LoadMsMax => 300_000;

    public override Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken) =>
        Task.WhenAll(run.Tenants.Select(tenant => SubmitAsync(run, tenant, cancellationToken)));

    private Task SubmitAsync(ScenarioRun run, RecordedTenant tenant, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        Enumerable.Range(0, _each).Chunk(Batch),
        new ParallelOptions { MaxDegreeOfParallelism = BatchesAtOnce, CancellationToken = cancellationToken },
        async (batch, ct) => await tenant.SubmitBatchAsync([.. batch.Select(_ => run.NewJob(0))], ct));
}
