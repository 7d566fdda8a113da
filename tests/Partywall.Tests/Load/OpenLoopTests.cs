using System.Collections.Concurrent;
using Partywall.History;
using Partywall.Load;

namespace Partywall.Tests.Load;

public sealed class OpenLoopTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Burst_SameSeed_IsTheSameAndMixesTenants()
    {
        var first = Schedule.Burst(3, 50, 10, new Random(5));

        Assert.Equal(first, Schedule.Burst(3, 50, 10, new Random(5)));
        Assert.NotEqual(first, Schedule.Burst(3, 50, 10, new Random(6)));
        Assert.All(Enumerable.Range(0, 3), t => Assert.Equal(
            Enumerable.Range(0, 50), first.Where(a => a.Tenant == t).Select(static a => a.Number)));
        Assert.All(first, static a => Assert.Equal(10, a.DueMs));
        Assert.True(first.Take(50).Select(static a => a.Tenant).Distinct().Count() == 3);
    }

    [Fact]
    public void Poisson_ManyArrivals_KeepRateAndOrder()
    {
        var arrivals = Schedule.Poisson(4, perSecond: 100, durationMs: 10_000, new Random(5));

        // 4,000 expected, standard deviation 63.
        Assert.InRange(arrivals.Count, 3_700, 4_300);
        Assert.Equal(arrivals.Select(static a => a.DueMs).Order(), arrivals.Select(static a => a.DueMs));
        Assert.All(arrivals, static a => Assert.InRange(a.DueMs, 0, 10_000));
        Assert.All(Enumerable.Range(0, 4), t => Assert.InRange(arrivals.Count(a => a.Tenant == t), 850, 1_150));
        Assert.Equal(arrivals, Schedule.Poisson(4, 100, 10_000, new Random(5)));
    }

    [Fact]
    public async Task Run_FirstIsNeverAnswered_TheOthersAreSentAllTheSame()
    {
        var blocked = new TaskCompletionSource();
        var othersSent = new CountdownEvent(9);
        var run = OpenLoop.RunAsync(
            Schedule.Burst(1, 10, 0, new Random(1)),
            new RunClock(),
            (arrival, _) =>
            {
                if (arrival.Number == 0)
                {
                    return blocked.Task;
                }

                othersSent.Signal();
                return Task.CompletedTask;
            },
            Cancel);

        Assert.True(await Task.Run(() => othersSent.Wait(TimeSpan.FromSeconds(20)), Cancel));
        Assert.False(run.IsCompleted);
        blocked.SetResult();
        await run;
        othersSent.Dispose();
    }

    [Fact]
    public async Task Run_SpacedArrivals_NoneIsSentEarly()
    {
        var clock = new RunClock();
        var sent = new ConcurrentBag<(long IntendedNs, long SentNs)>();

        await OpenLoop.RunAsync(
            [new Arrival(0, 0, 0), new Arrival(60, 0, 1), new Arrival(120, 0, 2)],
            clock,
            (_, intendedNs) =>
            {
                sent.Add((intendedNs, clock.NowNs));
                return Task.CompletedTask;
            },
            Cancel);

        Assert.Equal(3, sent.Count);
        Assert.All(sent, static s => Assert.True(s.SentNs >= s.IntendedNs));
        Assert.Equal(120_000_000, sent.Max(static s => s.IntendedNs) - sent.Min(static s => s.IntendedNs));
    }

    [Fact]
    public async Task Run_SendThrows_ThrowsAfterAllWereWaitedFor()
    {
        var slow = new TaskCompletionSource();
        var run = OpenLoop.RunAsync(
            Schedule.Burst(1, 2, 0, new Random(1)),
            new RunClock(),
            (arrival, _) => arrival.Number == 0 ? throw new InvalidOperationException("no") : slow.Task,
            Cancel);

        Assert.False(run.IsCompleted);
        slow.SetResult();
        await Assert.ThrowsAsync<InvalidOperationException>(() => run);
    }
}
