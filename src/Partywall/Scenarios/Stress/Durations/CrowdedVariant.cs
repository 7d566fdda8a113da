using Partywall.History;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Durations;

/// <summary>
/// The pool is smaller than either limit and full of long jobs, with more of them waiting, when the short ones arrive: the
/// first of those must get the next slot that is free.
/// </summary>
internal sealed class CrowdedVariant : ScenarioVariant
{
    private const string Long = "long";
    private const string Short = "short";
    private const int LongJobs = 10;
    private const int ShortJobs = 100;
    private const int Slots = 4;
    private const int Limit = 10;
    private const int LongMs = 400;
    private const int ShortMs = 10;

    /// <summary>Between two long jobs, so that slots become free one after the other, and it is seen who gets each.</summary>
    private const int StaggerMs = LongMs / Slots;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly int _rounds;

    public CrowdedVariant(ScenarioSize size) => _rounds = size.Profile == RunProfile.Quick ? 3 : 30;

    public override string Name => "crowded";

    public override int Workers => 2;

    public override int SlotsPerWorker => Slots / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new(Long, Limit, LongJobs + Slots), new(Short, Limit, ShortJobs)];

    public override IReadOnlyList<string> Checks { get; } = ["fairness.next-slot"];

    public override string Why =>
        $"N = {Slots} slots is less than either limit ({Limit}), so the pool binds: all of it is taken by bodies of {LongMs} ms, of different lengths to go, with more of the same waiting, when the short jobs arrive; "
        + "slots then become free one at a time, and the first one must go to the tenant that has none.";

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
        var (neighbour, tenant) = (run.Tenant(Long), run.Tenant(Short));
        for (var round = 0; round < _rounds; round++)
        {
            // The first ones are of different lengths, so that their slots become free one after the other; the rest waits.
            await neighbour.SubmitBatchAsync(
                [.. Enumerable.Range(0, LongJobs).Select(i => run.NewJob(LongMs + (i < Slots ? i * StaggerMs : 0)))], cancellationToken);
            await run.Witness.WaitAsync(static w => w.Running(Long) >= Slots, Bound, cancellationToken);
            await tenant.SubmitBatchAsync([.. Enumerable.Range(0, ShortJobs).Select(_ => run.NewJob(ShortMs))], cancellationToken);
            await run.BodiesEndedAsync(Bound, cancellationToken);
        }
    }
}
