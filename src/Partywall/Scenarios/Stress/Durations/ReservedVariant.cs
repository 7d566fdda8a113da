using Partywall.History;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Durations;

/// <summary>
/// As <see cref="CrowdedVariant"/>, but each worker keeps a slot for tenants that run nothing: the first short job need not wait
/// until a long one ends.
/// </summary>
internal sealed class ReservedVariant : ScenarioVariant
{
    private const string Long = "long";
    private const string Short = "short";
    private const int LongJobs = 10;
    private const int ShortJobs = 100;

    /// <summary>Of the short jobs, how many come one by one, each when the one before has ended.</summary>
    private const int SingleJobs = 10;
    private const int General = 4;
    private const int Limit = 10;
    private const int ShortMs = 10;

    /// <summary>Longer than all bounds of a round: the long ones run until they are cancelled, and end by nothing else.</summary>
    private const int LongMs = 60_000;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(30);

    private readonly int _rounds;

    public ReservedVariant(ScenarioSize size) => _rounds = size.Profile == RunProfile.Quick ? 2 : 30;

    public override string Name => "reserved";

    public override int Workers => 2;

    public override int SlotsPerWorker => (General / Workers) + ReservedSlotsPerWorker;

    public override int ReservedSlotsPerWorker => 1;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new(Long, Limit, LongJobs), new(Short, Limit, ShortJobs)];

    public override IReadOnlyList<string> Checks { get; } = ["fairness.reserve"];

    public override string Why =>
        $"Of N = {Workers * SlotsPerWorker} slots each of the {Workers} workers keeps {ReservedSlotsPerWorker}, and {LongJobs} long jobs of a tenant that may run {Limit} fill the other {General}, with more waiting, when short ones arrive; "
        + "the long ones end only when they are cancelled, which is after short ones were served, so a short one that had to wait for a slot waits until then; "
        + $"{SingleJobs} come one by one and the rest at once, and each time the tenant runs nothing it is a newcomer again.";

    public override RunDemands Demands => new(
        AtLimit: [],
        TenantsOverlapping: 2,
        RefusedAtLeast: 0,
        CompletedAtLeast: _rounds * ShortJobs,
        ProbesAtLeast: 0,
        KeysAtLeast: 0,
        LatenessP99MsMax: 0,
        SettleMsMax: 30_000,
        StallMsMax: 1_000);

    public override int Submissions => _rounds * (LongJobs + ShortJobs);

    public override int LoadMsMax => 60_000 + (_rounds * 10_000);

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        if (!run.Target.TryGet<IFairDispatch>(out var dispatch))
        {
            throw new InvalidOperationException("The scenario needs the terms of dispatch.");
        }

        var terms = dispatch.Terms;
        run.Record(new FairnessStated(run.Clock.NowNs, [Long, Short], terms.HandOverMs, terms.NoteMs, terms.EstimateMs, terms.ChargeErrorMs));
        for (var round = 0; round < _rounds; round++)
        {
            var held = await run.Tenant(Long).SubmitBatchAsync([.. Enumerable.Range(0, LongJobs).Select(_ => run.NewJob(LongMs))], cancellationToken);
            await run.Witness.WaitAsync(static w => w.Running(Long) >= General, Bound, cancellationToken);
            await ServeAsync(run, run.Tenant(Short), cancellationToken);
            await Task.WhenAll(held.Where(static h => h.Value is not null).Select(h => run.Tenant(Long).CancelAsync(h.Value!.JobId, null, cancellationToken)));
            await run.BodiesEndedAsync(EndBound, cancellationToken);
        }
    }

    /// <summary>Hands in the short jobs. Once one had to wait for the whole bound, the long ones are in its way, and the rest is not waited for.</summary>
    private static async Task ServeAsync(ScenarioRun run, RecordedTenant tenant, CancellationToken cancellationToken)
    {
        var isServed = true;
        for (var i = 0; i < SingleJobs && isServed; i++)
        {
            var job = run.NewJob(ShortMs);
            await tenant.SubmitAsync(job, null, cancellationToken);
            isServed = await run.Witness.WaitAsync(w => w.Stops(job.Label) > 0, Bound, cancellationToken);
        }

        var before = run.Witness.Starts(tenant.Id);
        await tenant.SubmitBatchAsync([.. Enumerable.Range(0, ShortJobs - SingleJobs).Select(_ => run.NewJob(ShortMs))], cancellationToken);
        if (isServed)
        {
            await run.Witness.WaitAsync(w => w.Starts(tenant.Id) > before, Bound, cancellationToken);
        }
    }
}
