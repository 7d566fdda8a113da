using System.Globalization;
using AutonomOS.Jobs;
using AutonomOS.Tests.Conformance;
using AutonomOS.Tests.Conformance.Stores;

namespace AutonomOS.Tests.Workers;

/// <summary>
/// Goal: the bound of <c>docs/fair-dispatch.md</c> holds on a real store. Method: two tenants with jobs of unlike length
/// have their work queued before the worker starts, so both are eligible until one of them has nothing left to claim;
/// slot time is what the store says (claim to settle); the gap is taken over every part of that interval.
/// </summary>
public abstract class FairDispatchTests(StoreFixture store) : ConformanceTests(store)
{
    private const int Slots = 2;

    // A round trip and the note after it, on a machine that has other things to do.
    private const double TransitMs = 20;

    [Fact]
    public async Task Claim_TenantsOfUnlikeJobs_SlotTimeGapStaysWithinTheBound()
    {
        await using var slow = await TestTenant.OpenAsync(Jobs, "slow", new() { MaxConcurrent = 10 });
        await using var quick = await TestTenant.OpenAsync(Jobs, "quick", new() { MaxConcurrent = 10 });
        var slowIds = await slow.SubmitAsync(60, "body", "50", Pool);
        var quickIds = await quick.SubmitAsync(500, "body", "5", Pool);
        await using var worker = await TestWorker.StartAsync(Store.Options with { DeadlineMs = 5000 }, w =>
        {
            w.Pool = Pool;
            w.Slots = Slots;
            w.Handle("body", (job, cancellation) => Task.Delay(int.Parse(job.Payload.Span, CultureInfo.InvariantCulture), cancellation));
        });

        var runs = Gap.Of(await slow.FinishedAsync(slowIds), await quick.FinishedAsync(quickIds));

        TestContext.Current.TestOutputHelper?.WriteLine(runs.ToString());
        Assert.SkipWhen(runs.Served < 2 * runs.Bound, $"Inconclusive: the machine was too slow for the bound to bite ({runs}).");
        Assert.True(runs.Most <= runs.Bound, runs.ToString());
    }

    [Fact]
    public void Gap_DispatchByCount_ExceedsTheBound()
    {
        // The same work taken in turns, one slot each: what a scheduler that counts jobs would do.
        var slow = Enumerable.Range(0, 60).Select(i => (i * 50.0, (i * 50.0) + 50)).ToArray();
        var quick = Enumerable.Range(0, 500).Select(i => (i * 50.0, (i * 50.0) + 5)).ToArray();

        var gap = Gap.Of(slow, quick);

        Assert.True(gap.Served >= 2 * gap.Bound, gap.ToString());
        Assert.True(gap.Most > gap.Bound, gap.ToString());
    }

    /// <summary>The largest gap in slot time over any part of the interval in which both tenants were eligible, in milliseconds.</summary>
    private sealed record Gap(double Most, double Bound, double Served)
    {
        public static Gap Of(JobSnapshot[] one, JobSnapshot[] other) => Of(Runs(one), Runs(other));

        public static Gap Of((double Start, double End)[] one, (double Start, double End)[] other)
        {
            var from = Math.Min(one.Min(run => run.Start), other.Min(run => run.Start));
            var to = Math.Min(one.Max(run => run.Start), other.Max(run => run.Start));
            var least = 0.0;
            var most = 0.0;
            var widest = 0.0;
            // The gap is linear between the moments at which something starts or ends.
            foreach (var at in one.Concat(other).SelectMany(run => new[] { run.Start, run.End }).Where(at => at > from && at <= to).Order())
            {
                var gap = Within(one, from, at) - Within(other, from, at);
                least = Math.Min(least, gap);
                most = Math.Max(most, gap);
                widest = Math.Max(widest, most - least);
            }

            var longest = one.Max(Length) + other.Max(Length);
            return new Gap(widest, (((3 * Slots) + 1) * longest) + (2 * Slots * TransitMs * 2), Within(one, from, to) + Within(other, from, to));
        }

        private static double Length((double Start, double End) run) => run.End - run.Start;

        private static double Within((double Start, double End)[] runs, double from, double to) =>
            runs.Sum(run => Math.Max(0, Math.Min(run.End, to) - Math.Max(run.Start, from)));

        private static (double, double)[] Runs(JobSnapshot[] jobs) =>
            [.. jobs.Select(job => (Ms(job.StartedAt!.Value), Ms(job.FinishedAt!.Value)))];

        private static double Ms(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
    }
}

public sealed class EmbeddedFairDispatchTests(EmbeddedFixture store) : FairDispatchTests(store), IClassFixture<EmbeddedFixture>;

public sealed class RedisFairDispatchTests(RedisFixture store) : FairDispatchTests(store), IClassFixture<RedisFixture>;
