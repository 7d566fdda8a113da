using AutonomOS.Jobs;
using AutonomOS.Reconciliation;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Conformance;

/// <summary>What the reconciler does every day, and what it does only when something broke.</summary>
public abstract class ReconcilerTests(StoreFixture store) : ConformanceTests(store)
{
    private const int LeaseMs = 200;

    private Reconciler _reconciler = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _reconciler = NewReconciler();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_reconciler is not null)
        {
            await _reconciler.DisposeAsync();
        }

        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task LapsedLease_IsQueuedAgainAtItsOriginalPosition()
    {
        var tenant = await TenantAsync(maxConcurrent: 2);
        var ids = await SubmitAsync(tenant, 4);
        var lost = await ClaimAsync(2, LeaseMs);
        await PassAsync(LeaseMs);
        Assert.Equal(2, (await UsageAsync(tenant)).Running);

        var report = await RestAsync(_reconciler);

        Assert.Equal((2, 0, 0), (report.Reaped, report.Poisoned, report.Repairs));
        Assert.Equal((0, 4), await UsageAsync(tenant) switch { var u => (u.Running, u.Queued) });
        Assert.Equal((JobState.Pending, 1, 0, 0), await GetAsync(tenant, ids[0]) switch { var j => (j.State, j.LeasesLost, j.Failures, j.QueuePosition!.Value) });
        foreach (var zombie in lost)
        {
            Assert.Equal(RenewResult.Lost, await RenewAsync(zombie));
            Assert.Equal(TransitionResult.Stale, await SettleAsync(zombie));
            Assert.Equal(TransitionResult.Stale, await HandBackAsync(zombie));
            Assert.Equal(TransitionResult.Stale, await Work.ReportProgressAsync(LeaseKey.Of(zombie), 99, null, Ct));
        }

        Assert.Equal(ids, await DrainAsync());
    }

    [Fact]
    public async Task RenewedLease_IsLeftAlone()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync(LeaseMs);
        Assert.Equal(RenewResult.Kept, await RenewAsync(job));
        await PassAsync(LeaseMs);

        Assert.Equal(new SweepReport(), await RestAsync(_reconciler));
        Assert.Equal(TransitionResult.Done, await SettleAsync(job));
    }

    [Fact]
    public async Task LapsedLease_WithoutLeaveToReap_IsLeftAlone()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync(LeaseMs);
        await PassAsync(LeaseMs);

        Assert.Equal(0, (await _reconciler.SweepAllAsync(reap: false, Ct)).Reaped);
        Assert.Equal(RenewResult.Kept, await RenewAsync(job));
        Assert.Equal(0, (await _reconciler.SweepAllAsync(reap: true, Ct)).Reaped);
    }

    [Fact]
    public async Task LeasesLost_TooOften_FailTheJobAsPoison()
    {
        var tenant = await TenantAsync(maxConcurrent: 1);
        var poison = await SubmitAsync(tenant, Job(maxAttempts: 1));
        var next = await SubmitAsync(tenant);
        for (var i = 1; i <= RedisJobStore.LeasesLostMax; i++)
        {
            Assert.Equal((poison, i), await ClaimOneAsync(LeaseMs) switch { var j => (j.Id, j.Fence.Attempt) });
            await PassAsync(LeaseMs);
            await RestAsync(_reconciler);
        }

        var failed = await GetAsync(tenant, poison);
        Assert.Equal((JobState.Failed, 5, 0), (failed.State, failed.LeasesLost, failed.Failures));
        Assert.NotNull(failed.Error);
        Assert.Equal(next, (await ClaimOneAsync()).Id);
    }

    [Fact]
    public async Task LapsedLease_OfACancelledJob_IsCancelled()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant);
        await ClaimOneAsync(LeaseMs);
        await Jobs.CancelAsync(tenant.Id, id, Ct);
        await PassAsync(LeaseMs);

        await RestAsync(_reconciler);

        Assert.Equal(JobState.Cancelled, (await GetAsync(tenant, id)).State);
        Assert.Equal(0, (await UsageAsync(tenant)).Active);
    }

    [Fact]
    public async Task Timeout_FailsTheJobFreesItsSlotAndItsLeaseIsLost()
    {
        var tenant = await TenantAsync(maxConcurrent: 1);
        var id = await SubmitAsync(tenant, Job(timeoutMs: JobSubmissionRules.TimeoutMsMin));
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        Assert.Equal(0, (await RestAsync(_reconciler)).TimedOut);
        await PassAsync((int)JobSubmissionRules.TimeoutMsMin);

        Assert.Equal(1, (await RestAsync(_reconciler)).TimedOut);

        Assert.Equal(JobState.Failed, (await GetAsync(tenant, id)).State);
        Assert.Contains("1000 ms", (await GetAsync(tenant, id)).Error, StringComparison.Ordinal);
        Assert.Equal(RenewResult.Lost, await RenewAsync(job));
        Assert.Equal(TransitionResult.Stale, await SettleAsync(job));
        Assert.NotEqual(id, (await ClaimOneAsync()).Id);
    }

    [Fact]
    public async Task DelayedJob_RunsWhenDueAndNotBefore()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant, Job(delayMs: 300));
        var delayed = await GetAsync(tenant, id);
        Assert.Equal((JobState.Pending, WaitReason.Delayed), (delayed.State, delayed.Waiting));
        var due = delayed.DueAt!.Value.ToUnixTimeMilliseconds();
        await _reconciler.SweepAllAsync(reap: true, Ct);
        Assert.True(Work.StoreNowMs > due || (await ClaimAsync(1)).Count == 0, "A delayed job was handed out before it was due.");

        await UntilAsync(async () => (await _reconciler.SweepAllAsync(reap: true, Ct)).Promoted == 1, "the job was promoted");

        Assert.InRange(Work.StoreNowMs, due - 20, long.MaxValue);
        Assert.Null((await GetAsync(tenant, id)).DueAt);
        Assert.Equal(id, (await ClaimOneAsync()).Id);
    }

    [Fact]
    public async Task DueJobs_OfASuspendedTenant_WaitInTheQueueUntilItResumes()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant, Job(delayMs: 20));
        tenant = await ChangeAsync(tenant, t => t with { Status = TenantStatus.Suspended });
        await PassAsync(20);

        Assert.Equal(1, (await RestAsync(_reconciler)).Promoted);
        Assert.Empty(await ClaimAsync(1));
        Assert.Equal(WaitReason.Suspended, (await GetAsync(tenant, id)).Waiting);
        await ChangeAsync(tenant, t => t with { Status = TenantStatus.Active });
        Assert.Equal(id, (await ClaimOneAsync()).Id);
    }

    [Fact]
    public async Task RetriedJob_RunsAgainAfterItsBackoff()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant, Job(maxAttempts: 2));
        await SettleAsync(await ClaimOneAsync(), AttemptEnd.Failed, "once", retryDelayMs: 20);
        await PassAsync(20);
        Assert.Equal(1, (await RestAsync(_reconciler)).Promoted);

        var again = await ClaimOneAsync();
        Assert.Equal((id, 1, 2), (again.Id, again.Failures, again.Fence.Attempt));
        await SettleAsync(again, AttemptEnd.Failed, "twice");
        Assert.Equal((JobState.Failed, 2, "twice"), await GetAsync(tenant, id) switch { var j => (j.State, j.Failures, j.Error) });
    }

    [Fact]
    public async Task Retention_RemovesEveryKeyOfFinishedJobsAndNoOther()
    {
        var tenant = await TenantAsync(change: t => t with { Limits = t.Limits with { RetentionSeconds = 1 } });
        var finished = await SubmitAsync(tenant, Job("p", key: "k"));
        await SettleAsync(await ClaimOneAsync());
        var waiting = await SubmitAsync(tenant, Job("q", key: "l"));
        Assert.Equal(0, (await RestAsync(_reconciler)).Expired);
        await PassAsync(1000);

        Assert.Equal(1, (await RestAsync(_reconciler)).Expired);

        Assert.Null(await Jobs.GetAsync(tenant.Id, finished, Ct));
        Assert.Equal(waiting, Assert.Single(await ListAsync(tenant)).Id);
        Assert.DoesNotContain(await KeysAsync(tenant), key => key.Contains(finished.Value, StringComparison.Ordinal));
        await SubmitAsync(tenant, Job("p", key: "k"));
        await DrainAsync();
        await PassAsync(1000);
        await RestAsync(_reconciler);
        Assert.Equal([StoreKeys.Meta(tenant.Id)], await KeysAsync(tenant));
    }

    [Fact]
    public async Task MissingFromTheIndex_IsIndexedAnewAndCounted()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant);
        Assert.True(await Connection.RunAsync(db => db.SortedSetRemoveAsync(StoreKeys.Ready(Pool), tenant.Id.Value), write: true, Ct));
        Assert.Empty(await ClaimAsync(1));

        Assert.Equal(1, (await RestAsync(_reconciler)).Reindexed);

        Assert.Equal(id, (await ClaimOneAsync()).Id);
    }

    [Fact]
    public async Task WholeIndexLost_IsBuiltAnew()
    {
        var tenant = await TenantAsync();
        var ids = await SubmitAsync(tenant, 3);
        Assert.Equal(ids[0], (await ClaimOneAsync()).Id);
        await Connection.RunAsync(db => db.KeyDeleteAsync([StoreKeys.Ready(Pool), StoreKeys.Fresh(Pool), StoreKeys.Generations(Pool), StoreKeys.Wake(Pool)]), write: true, Ct);

        Assert.Equal(1, (await RestAsync(_reconciler)).Reindexed);

        Assert.Equal(ids[1..], (await ClaimAsync(2)).Select(j => j.Id));
    }

    [Fact]
    public async Task QueueEntryWithoutAJob_IsSetAsideAndCountedNeverHandedOut()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant);
        var stray = JobId.New(TimeProvider.System).Value;
        await Connection.RunAsync(db => db.SortedSetAddAsync(StoreKeys.Queue(tenant.Id, Pool), stray, 0), write: true, Ct);

        Assert.Equal(id, (await ClaimOneAsync()).Id);

        Assert.NotNull(await Connection.RunAsync(db => db.SortedSetScoreAsync(StoreKeys.Repair(tenant.Id), stray), write: false, Ct));
    }

    [Fact]
    public async Task RunAsync_HealthyPlatformUnderLoad_RepairsNothing()
    {
        const int JobsEach = 150;
        var tenants = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => TenantAsync(1 + i)));
        var platforms = await OpenManyAsync(3);
        await using var connection = await Store.ConnectAsync();
        await using var reconciler = new Reconciler(connection, new() { LeaseMs = 2000, AuditIntervalMs = 100, TickMs = 20 }, TimeProvider.System, NullLogger<Reconciler>.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = reconciler.RunAsync(stop.Token);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        bound.CancelAfter(Soon * 3);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var submits = tenants.Select((tenant, t) => Task.Run(async () =>
        {
            for (var i = 0; i < JobsEach; i++)
            {
                var job = Job("p", delayMs: i % 5 == 0 ? 30 : 0, key: i % 7 == 0 ? $"{i}" : null);
                Assert.True((await platforms[t % 3].SubmitAsync(tenant.Id, 1, [job], bound.Token))[0].IsAccepted);
                if (i % 11 == 0)
                {
                    await platforms[0].CancelAsync(tenant.Id, job.Id, bound.Token);
                }
            }
        }, bound.Token));
        var works = Enumerable.Range(0, 9).Select(w => Task.Run(async () =>
        {
            var platform = platforms[w % 3];
            while (!ended.Task.IsCompleted)
            {
                var claim = await platform.ClaimAsync(new() { Pool = Pool, WorkerId = $"w{w}", Slots = 3, LeaseMs = 60_000 }, bound.Token);
                foreach (var job in claim.Jobs)
                {
                    var lease = LeaseKey.Of(job);
                    await platform.ReportProgressAsync(lease, 50, null, bound.Token);
                    await platform.RenewAsync([new(lease, long.MaxValue / 4)], 60_000, bound.Token);
                    if (job.Fence.Attempt == 1 && w % 3 == 1)
                    {
                        await platform.HandBackAsync([lease], bound.Token);
                        continue;
                    }

                    var fails = job.Failures == 0 && w % 3 == 2;
                    Assert.Equal(TransitionResult.Done, (await platform.SettleAsync([new(lease, fails ? AttemptEnd.Failed : AttemptEnd.Completed, default, "e", 20)], bound.Token))[0]);
                }
            }
        }, bound.Token));

        // The workers stop when the store says that every job ended. Counting here instead would count some twice: a job
        // can be cancelled, or finished by another worker, between a settlement and a look at it.
        var seen = "";
        var all = Task.Run(async () =>
        {
            while (!ended.Task.IsCompleted)
            {
                var usages = new List<TenantUsage>();
                foreach (var tenant in tenants)
                {
                    usages.Add(await UsageAsync(tenant));
                }

                seen = string.Join("; ", usages.Select(u => $"{u.Running} running, {u.Queued} queued, {u.Delayed} delayed, {u.Finished} finished"));
                if (usages.TrueForAll(u => u.Finished == JobsEach))
                {
                    ended.SetResult();
                }

                await Task.Delay(20, bound.Token);
            }
        }, bound.Token);
        try
        {
            await Task.WhenAll([.. submits, .. works, all]);
        }
        catch (OperationCanceledException) when (!Ct.IsCancellationRequested)
        {
            Assert.Fail($"Not every job ended in {(Soon * 3).TotalSeconds} s: {seen}");
        }

        await stop.CancelAsync();
        await running;

        foreach (var tenant in tenants)
        {
            Assert.Equal((0, JobsEach, 0L), await UsageAsync(tenant) switch { var u => (u.Active, u.Finished, u.PayloadBytes) });
            Assert.Empty((await TenantAudit.TakeAsync(Connection, tenant.Id, await KeysAsync(tenant), Ct)).Faults);
        }

        Assert.True(reconciler.Total.Promoted > 0, "The reconciler had nothing to do, so its silence says nothing.");
        Assert.Equal((0L, 0L, 0L), (reconciler.Total.Repairs, reconciler.Total.Reaped, reconciler.Total.TimedOut));
    }

    [Fact]
    public async Task RunAsync_LeaseLapses_WakesAWaitingWorkerWithinALeaseOfIt()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant);
        await using var reconciler = NewReconciler(LeaseMs);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = reconciler.RunAsync(stop.Token);
        await UntilAsync(() => Task.FromResult(reconciler.Leads), "the reconciler leads");
        await ClaimOneAsync(leaseMs: 600);
        await using var inbox = await Work.OpenInboxAsync("w", Pool, Ct);
        Assert.True((await ClaimResultAsync(1, workerId: "w")).Latched);

        await WokenAsync(inbox);

        Assert.Equal((id, 2), await ClaimOneAsync() switch { var j => (j.Id, j.Fence.Attempt) });
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task RunAsync_Two_OneLeadsAndTheOtherTakesOverWhenItStops()
    {
        await using var first = NewReconciler(LeaseMs);
        await using var second = NewReconciler(LeaseMs);
        using var stopFirst = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using var stopSecond = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var runFirst = first.RunAsync(stopFirst.Token);
        await UntilAsync(() => Task.FromResult(first.Leads), "the first leads");
        var runSecond = second.RunAsync(stopSecond.Token);
        await UntilAsync(async () => await Connection.RunAsync(db => db.KeyExistsAsync(StoreKeys.Leader), write: false, Ct), "there is a leader");
        Assert.False(second.Leads);

        await stopFirst.CancelAsync();
        await runFirst;

        await UntilAsync(() => Task.FromResult(second.Leads), "the second leads");
        Assert.False(first.Leads);
        await stopSecond.CancelAsync();
        await runSecond;
    }

    [Fact]
    public async Task RunAsync_HavingJustBegunToLead_WaitsOneLeaseBeforeItReaps()
    {
        const int Grace = 1500;
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);
        await ClaimOneAsync(LeaseMs);
        await PassAsync(LeaseMs);
        await using var reconciler = new Reconciler(Connection, new() { LeaseMs = Grace, AuditIntervalMs = 100, TickMs = 20 }, TimeProvider.System, NullLogger<Reconciler>.Instance);
        var start = TimeProvider.System.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = reconciler.RunAsync(stop.Token);

        await UntilAsync(() => Task.FromResult(reconciler.Total.Reaped == 1), "the lease was taken back");

        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds, Grace, Soon.TotalMilliseconds);
        await stop.CancelAsync();
        await running;
    }

    private Reconciler NewReconciler(int leaseMs = 8000) =>
        new(Connection, new() { LeaseMs = leaseMs, AuditIntervalMs = 100, TickMs = 20, LeadershipMs = 1000 }, TimeProvider.System, NullLogger<Reconciler>.Instance);

    private async Task PassAsync(int ms)
    {
        var until = Work.StoreNowMs + ms + 10;
        await UntilAsync(() => Task.FromResult(Work.StoreNowMs > until), $"{ms} ms passed");
    }
}

public sealed class ReconcilersOnGarnet(EmbeddedFixture store) : ReconcilerTests(store), IClassFixture<EmbeddedFixture>;

public sealed class ReconcilersOnRedis(RedisFixture store) : ReconcilerTests(store), IClassFixture<RedisFixture>;
