using System.Collections.Concurrent;
using AutonomOS.Jobs;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;

namespace AutonomOS.Tests.Conformance;

/// <summary>Claims: each job to one worker, never more than a tenant's limit, in order.</summary>
public abstract class ClaimTests(StoreFixture store) : ConformanceTests(store)
{
    [Fact]
    public async Task ClaimAsync_HandsOutWhatWasSubmitted()
    {
        var tenant = await TenantAsync(change: t => t with { Limits = t.Limits with { ResultBytesMax = 2048, ErrorBytesMax = 300 } });
        var id = await SubmitAsync(tenant, Job("payload", maxAttempts: 4, timeoutMs: 5000));

        var job = await ClaimOneAsync();

        Assert.Equal((tenant.Id, id, "test", Pool, 0, 4, 5000L, 2048, 300), (job.Tenant, job.Id, job.Type, job.Pool, job.Failures, job.MaxAttempts, job.TimeoutMs, job.ResultBytesMax, job.ErrorBytesMax));
        Assert.Equal("payload"u8.ToArray(), job.Payload.ToArray());
        Assert.Equal((1L, 1), (job.Fence.Epoch, job.Fence.Attempt));
        Assert.Matches(@"\A[0-9a-f]{16}\z", job.Fence.Token);
        var running = await GetAsync(tenant, id);
        Assert.Equal((JobState.Running, 1), (running.State, running.Attempt));
        Assert.NotNull(running.StartedAt);
        Assert.Null(running.QueuePosition);
        Assert.Null(running.Waiting);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task ClaimAsync_HundredsInParallel_EachJobOnceAndNeverMoreThanTheLimit(int maxConcurrent)
    {
        const int Tenants = 5;
        const int JobsEach = 120;
        var running = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var most = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var handedOut = new ConcurrentDictionary<JobId, int>();
        var fences = new ConcurrentDictionary<Fence, JobId>();
        var tenants = await Task.WhenAll(Enumerable.Range(0, Tenants).Select(_ => TenantAsync(maxConcurrent)));
        var submitted = (await Task.WhenAll(tenants.Select(t => SubmitAsync(t, JobsEach)))).SelectMany(ids => ids).ToHashSet();
        var platforms = await OpenManyAsync(4);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        stop.CancelAfter(Soon * 2);

        // Each round claims from many sides at once. What was claimed and not yet sent to be settled surely runs.
        await Task.WhenAll(Enumerable.Range(0, 32).Select(w => Task.Run(async () =>
        {
            var platform = platforms[w % platforms.Length];
            while (handedOut.Count < submitted.Count)
            {
                var claim = await platform.ClaimAsync(new() { Pool = Pool, WorkerId = $"w{w}", Slots = 1 + (w % 4), LeaseMs = 60_000 }, stop.Token);
                foreach (var job in claim.Jobs)
                {
                    var now = running.AddOrUpdate(job.Tenant.Value, 1, static (_, n) => n + 1);
                    most.AddOrUpdate(job.Tenant.Value, now, (_, n) => Math.Max(n, now));
                    handedOut.AddOrUpdate(job.Id, 1, static (_, n) => n + 1);
                    Assert.True(fences.TryAdd(job.Fence, job.Id), "The same fence was handed out twice.");
                }

                await Task.Yield();
                foreach (var job in claim.Jobs)
                {
                    running.AddOrUpdate(job.Tenant.Value, 0, static (_, n) => n - 1);
                    Assert.Equal(TransitionResult.Done, (await platform.SettleAsync([new(LeaseKey.Of(job), AttemptEnd.Completed)], stop.Token))[0]);
                }
            }
        }, stop.Token)));

        Assert.Equal(submitted, handedOut.Keys.ToHashSet());
        Assert.All(handedOut.Values, n => Assert.Equal(1, n));
        Assert.All(most.Values, n => Assert.InRange(n, 1, maxConcurrent));
        Assert.Empty(await ClaimAsync(10));
        foreach (var tenant in tenants)
        {
            Assert.Equal((0, JobsEach), await UsageAsync(tenant) switch { var u => (u.Active, u.Finished) });
        }
    }

    [Fact]
    public async Task ClaimAsync_AllAtOnce_TakeExactlyTheLimit()
    {
        var tenant = await TenantAsync(maxConcurrent: 7);
        await SubmitAsync(tenant, 100);
        var platforms = await OpenManyAsync(4);
        var claimed = new ConcurrentBag<LeasedJob>();

        // Twice: a pick may find the tenant already promised to another worker whose claim then takes less.
        for (var round = 0; round < 2; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
            {
                var claim = await platforms[i % platforms.Length].ClaimAsync(new() { Pool = Pool, WorkerId = $"w{i}", Slots = 2, LeaseMs = 60_000 }, Ct);
                foreach (var job in claim.Jobs)
                {
                    claimed.Add(job);
                }
            }, Ct)));
        }

        Assert.Equal(7, claimed.Count);
        Assert.Equal(7, claimed.Select(j => j.Id).Distinct().Count());
        Assert.Equal((7, 93), await UsageAsync(tenant) switch { var u => (u.Running, u.Queued) });
    }

    [Fact]
    public async Task ClaimAsync_EqualPriority_FirstInFirstOut()
    {
        var tenant = await TenantAsync(maxConcurrent: 1);
        var ids = await SubmitAsync(tenant, 60);

        Assert.Equal(ids, await DrainAsync());
    }

    [Fact]
    public async Task ClaimAsync_Priorities_HigherFirstFirstInFirstOutWithin()
    {
        var tenant = await TenantAsync(maxConcurrent: 1);
        var jobs = Enumerable.Range(0, 100).Select(i => Job(priority: (i * 7) % 10)).ToArray();
        await Jobs.SubmitAsync(tenant.Id, tenant.Epoch, jobs, Ct);

        Assert.Equal(jobs.OrderByDescending(j => j.Priority).Select(j => j.Id), await DrainAsync());
    }

    [Fact]
    public async Task ClaimAsync_AcrossPools_OneSemaphore()
    {
        var tenant = await TenantAsync(maxConcurrent: 3);
        var second = Pool + ".b";
        for (var i = 0; i < 3; i++)
        {
            await SubmitAsync(tenant, Job());
            await SubmitAsync(tenant, Job(pool: second));
        }

        var first = await ClaimAsync(2);
        Assert.Equal(2, first.Count);
        Assert.Single(await ClaimAsync(5, pool: second));
        Assert.Empty(await ClaimAsync(5));
        await SettleAsync(first[0]);
        Assert.Single(await ClaimAsync(5, pool: second));
        Assert.Empty(await ClaimAsync(5));
        await SettleAsync(first[1]);
        Assert.Single(await ClaimAsync(5));
    }

    [Fact]
    public async Task ClaimAsync_AnotherPool_GetsNothingOfThisOne()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);

        Assert.Empty(await ClaimAsync(5, pool: Pool + "x"));
        Assert.Single(await ClaimAsync(5));
    }

    [Fact]
    public async Task ClaimAsync_Empty_LatchesAndWakesOnSubmit()
    {
        var tenant = await TenantAsync();
        await using var inbox = await Work.OpenInboxAsync("w", Pool, Ct);
        Assert.True((await ClaimResultAsync(1, workerId: "w")).Latched);

        var id = await SubmitAsync(tenant);

        await WokenAsync(inbox);
        Assert.Equal(id, Assert.Single((await ClaimResultAsync(1, workerId: "w")).Jobs).Id);
    }

    [Fact]
    public async Task ClaimAsync_SlotFreedInAnotherPool_WakesTheWaitingWorker()
    {
        var tenant = await TenantAsync(maxConcurrent: 1);
        var other = Pool + ".b";
        await SubmitAsync(tenant, Job(pool: other));
        await SubmitAsync(tenant, Job());
        var running = await ClaimOneAsync(pool: other);
        await using var inbox = await Work.OpenInboxAsync("w", Pool, Ct);
        await LatchAsync("w");

        await SettleAsync(running);

        await WokenAsync(inbox);
        Assert.Single(await ClaimAsync(1));
    }

    [Fact]
    public async Task ClaimAsync_SubmitsRacingWithLatches_NoWakeUpIsLost()
    {
        const int Rounds = 200;
        var tenant = await TenantAsync(maxConcurrent: 1);
        var platforms = await OpenManyAsync(2);
        await using var inbox = await platforms[0].OpenInboxAsync("w", Pool, Ct);
        var done = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        stop.CancelAfter(Soon * 2);
        var worker = Task.Run(async () =>
        {
            while (done < Rounds)
            {
                var claim = await platforms[0].ClaimAsync(new() { Pool = Pool, WorkerId = "w", Slots = 1, LeaseMs = 60_000 }, stop.Token);
                if (claim.Jobs.Count > 0)
                {
                    await platforms[0].SettleAsync([new(LeaseKey.Of(claim.Jobs[0]), AttemptEnd.Completed)], stop.Token);
                    Interlocked.Increment(ref done);
                }
                else if (claim.Latched)
                {
                    // Nothing but the wake-up ends this wait: a lost one fails the test by its bound.
                    await WokenAsync(inbox);
                }
            }
        }, stop.Token);

        for (var i = 0; i < Rounds; i++)
        {
            await platforms[1].SubmitAsync(tenant.Id, tenant.Epoch, [Job()], stop.Token);
            if (i % 3 == 0)
            {
                await UntilAsync(() => Task.FromResult(Volatile.Read(ref done) > i || worker.IsCompleted), "the job just submitted was run");
            }
        }

        await worker;
    }

    [Fact]
    public async Task ClaimAsync_Reserve_OnlyTenantsThatRunNothing()
    {
        var busy = await TenantAsync();
        var idle = await TenantAsync();
        await SubmitAsync(busy, 4);
        Assert.Single(await ClaimAsync(1));
        await SubmitAsync(idle, 4);

        var reserved = (await ClaimResultAsync(slots: 0, reserve: 3)).Jobs;

        Assert.Equal(idle.Id, Assert.Single(reserved).Tenant);
        Assert.Empty((await ClaimResultAsync(slots: 0, reserve: 3)).Jobs);
        Assert.NotEmpty(await ClaimAsync(1));
    }

    [Fact]
    public async Task ForgetWorkerAsync_TakesItOffTheWaitingList()
    {
        var tenant = await TenantAsync();
        await using var gone = await Work.OpenInboxAsync("gone", Pool, Ct);
        await using var here = await Work.OpenInboxAsync("here", Pool, Ct);
        Assert.True((await ClaimResultAsync(1, workerId: "gone")).Latched);
        Assert.True((await ClaimResultAsync(1, workerId: "here")).Latched);
        await Work.ForgetWorkerAsync("gone", Pool, Ct);

        await SubmitAsync(tenant);

        await WokenAsync(here);
        Assert.False(gone.Signals.TryRead(out _));
    }

    [Fact]
    public async Task Heartbeats_AreShownUntilForgotten()
    {
        await Work.HeartbeatAsync(new("w1", Pool, 8, 3, Draining: true, "host:1", default), Ct);
        await Work.HeartbeatAsync(new("w2", Pool, 4, 0, Draining: false, "host:2", default), Ct);

        var shown = (await Work.WorkersAsync(Ct)).Where(w => w.Pool == Pool).ToArray();
        Assert.Equal(["w1", "w2"], shown.Select(w => w.WorkerId));
        Assert.Equal((8, 3, true, "host:1"), (shown[0].Slots, shown[0].Running, shown[0].Draining, shown[0].Host));
        Assert.InRange(Work.StoreNowMs - shown[0].SeenAt.ToUnixTimeMilliseconds(), -50, 15_000);

        await Work.ForgetWorkerAsync("w1", Pool, Ct);
        Assert.Equal("w2", Assert.Single(await Work.WorkersAsync(Ct), w => w.Pool == Pool).WorkerId);
    }

    /// <summary>Claims until the pool has nothing more to pick, so that the worker is on the waiting list.</summary>
    private async Task LatchAsync(string workerId) =>
        await UntilAsync(async () => await ClaimResultAsync(1, workerId: workerId) is { Latched: true, Jobs: [] }, "the worker is on the waiting list");
}

public sealed class ClaimsOnGarnet(EmbeddedFixture store) : ClaimTests(store), IClassFixture<EmbeddedFixture>;

public sealed class ClaimsOnRedis(RedisFixture store) : ClaimTests(store), IClassFixture<RedisFixture>;
