using Partywall.History;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Durations;

/// <summary>
/// The pool holds both tenants' limits. Round by round the short jobs run once alone and once beside the long ones, in
/// turns which comes first, and their waits are compared.
/// </summary>
internal sealed class RoomyVariant : ScenarioVariant
{
    private const string Long = "long";
    private const string Short = "short";
    private const int LongJobs = 10;
    private const int ShortJobs = 100;
    private const int LongLimit = 5;
    private const int ShortLimit = 20;
    private const int LongMs = 500;
    private const int ShortMs = 10;
    private const int SpareSlots = 7;
    private const double Percent = 50;

    /// <summary>What "not blocked" allows, and our own bar.</summary>
    private const double RatioMax = 2;
    private const double BarRatioMax = 1.25;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly int _rounds;

    public RoomyVariant(ScenarioSize size) => _rounds = size.Profile == RunProfile.Quick ? 10 : 60;

    public override string Name => "roomy";

    public override int Workers => 2;

    public override int SlotsPerWorker => (LongLimit + ShortLimit + SpareSlots) / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new(Long, LongLimit, LongJobs), new(Short, ShortLimit, ShortJobs)];

    public override IReadOnlyList<string> Checks { get; } = ["neighbour.slowdown"];

    public override string Why =>
        $"N = {Workers * SlotsPerWorker} slots is more than both limits ({LongLimit} and {ShortLimit}) together, so whoever waits does not wait for a slot; "
        + $"of {LongJobs} long jobs half wait at their tenant's limit while the {ShortJobs} short ones are handed in, and a long body ({LongMs} ms) lasts several times what all short ones take, so being blocked by one multiplies the wait (what is left of the long ones when the short ones have run is cancelled); "
        + $"{_rounds} rounds of both arms, {_rounds * ShortJobs} waits each, are enough for a comparison of the {Percent:0}th percentile.";

    public override RunDemands Demands => new(
        AtLimit: [Long, Short],
        TenantsOverlapping: 2,
        RefusedAtLeast: 0,
        CompletedAtLeast: _rounds * ShortJobs,
        ProbesAtLeast: 0,
        KeysAtLeast: 0,
        LatenessP99MsMax: 0,
        SettleMsMax: 30_000,
        StallMsMax: 1_000);

    public override int Submissions => _rounds * ((2 * ShortJobs) + LongJobs);

    public override int LoadMsMax => 60_000 + (_rounds * 10_000);

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        run.Record(new ComparisonStated(run.Clock.NowNs, Short, Percent, RatioMax, BarRatioMax));
        var (neighbour, tenant) = (run.Tenant(Long), run.Tenant(Short));
        for (var round = 1; round <= _rounds; round++)
        {
            ComparisonArm[] arms = round % 2 == 1 ? [ComparisonArm.Solo, ComparisonArm.Beside] : [ComparisonArm.Beside, ComparisonArm.Solo];
            foreach (var arm in arms)
            {
                run.Record(new ArmBegan(run.Clock.NowNs, round, arm));
                List<Submission> held = [];
                if (arm == ComparisonArm.Beside)
                {
                    var replies = await neighbour.SubmitBatchAsync([.. Enumerable.Range(0, LongJobs).Select(_ => run.NewJob(LongMs))], cancellationToken);
                    held.AddRange(replies.Select(static r => r.Value).OfType<Submission>());
                    await run.Witness.WaitAsync(static w => w.Running(Long) >= LongLimit, Bound, cancellationToken);
                }

                var before = run.Witness.Starts(Short);
                await tenant.SubmitBatchAsync([.. Enumerable.Range(0, ShortJobs).Select(_ => run.NewJob(ShortMs))], cancellationToken);
                await run.Witness.WaitAsync(w => w.Starts(Short) >= before + ShortJobs && w.Running(Short) == 0, Bound, cancellationToken);

                // What they were to be compared with is over; the next arm need not wait for the rest of the long ones.
                await Task.WhenAll(held.Select(h => neighbour.CancelAsync(h.JobId, null, cancellationToken)));
                await run.BodiesEndedAsync(Bound, cancellationToken);
                await Task.WhenAll(LastOf(neighbour), LastOf(tenant));
            }
        }

        // A body that has stopped is settled a moment later, and until then its slot is held.
        async Task LastOf(RecordedTenant each)
        {
            var usageBound = run.Clock.NowNs + (long)Bound.TotalNanoseconds;
            while ((await each.UsageAsync(cancellationToken)).Value is { Running: > 0 } && run.Clock.NowNs < usageBound)
            {
                await Task.Delay(5, cancellationToken);
            }
        }
    }
}
