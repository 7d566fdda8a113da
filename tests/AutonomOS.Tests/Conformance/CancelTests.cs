using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;

namespace AutonomOS.Tests.Conformance;

/// <summary>Cancellation in every state, retry by the tenant, progress and events.</summary>
public abstract class CancelTests(StoreFixture store) : ConformanceTests(store)
{
    [Fact]
    public async Task CancelAsync_Queued_IsFinalAtOnceAndNeverRuns()
    {
        var tenant = await TenantAsync(maxConcurrent: 1, maxQueued: 1);
        var ids = await SubmitAsync(tenant, 2);

        Assert.Equal(CancelResult.Cancelled, await Jobs.CancelAsync(tenant.Id, ids[0], Ct));

        var cancelled = await GetAsync(tenant, ids[0]);
        Assert.Equal(JobState.Cancelled, cancelled.State);
        Assert.NotNull(cancelled.FinishedAt);
        Assert.Equal((1, 1), await UsageAsync(tenant) switch { var u => (u.Active, u.Finished) });
        await SubmitAsync(tenant);
        Assert.DoesNotContain(ids[0], await DrainAsync());
    }

    [Fact]
    public async Task CancelAsync_DelayedAndRetrying_IsFinalAtOnce()
    {
        var tenant = await TenantAsync();
        var delayed = await SubmitAsync(tenant, Job(delayMs: 3_600_000));
        var retrying = await SubmitAsync(tenant);
        await SettleAsync(await ClaimOneAsync(), AttemptEnd.Failed, "once", retryDelayMs: 3_600_000);

        Assert.Equal(CancelResult.Cancelled, await Jobs.CancelAsync(tenant.Id, delayed, Ct));
        Assert.Equal(CancelResult.Cancelled, await Jobs.CancelAsync(tenant.Id, retrying, Ct));

        Assert.Equal((0, 2, 0L), await UsageAsync(tenant) switch { var u => (u.Active, u.Finished, u.PayloadBytes) });
    }

    [Fact]
    public async Task CancelAsync_Running_AsksAndTheSlotStaysUntilTheBodyStops()
    {
        var tenant = await TenantAsync(maxConcurrent: 1);
        await SubmitAsync(tenant, 2);
        await using var inbox = await Work.OpenInboxAsync("w", Pool, Ct);
        var job = Assert.Single((await ClaimResultAsync(1, workerId: "w")).Jobs);

        Assert.Equal(CancelResult.Requested, await Jobs.CancelAsync(tenant.Id, job.Id, Ct));

        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        bound.CancelAfter(Soon);
        Assert.Equal(new WorkerSignal.Cancel(tenant.Id, job.Id), await inbox.Signals.ReadAsync(bound.Token));
        Assert.Equal((JobState.Running, true), await GetAsync(tenant, job.Id) switch { var j => (j.State, j.CancelRequested) });
        Assert.Equal(RenewResult.KeptCancelRequested, await RenewAsync(job));
        Assert.Empty(await ClaimAsync(1));
        Assert.Equal(CancelResult.Requested, await Jobs.CancelAsync(tenant.Id, job.Id, Ct));

        Assert.Equal(TransitionResult.Done, await SettleAsync(job, AttemptEnd.Cancelled));
        Assert.Equal(JobState.Cancelled, (await GetAsync(tenant, job.Id)).State);
        Assert.Single(await ClaimAsync(1));
    }

    [Fact]
    public async Task CancelAsync_RunningAndCompletedAnyway_TheResultStands()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        await Jobs.CancelAsync(tenant.Id, job.Id, Ct);

        await SettleAsync(job, AttemptEnd.Completed, result: "done");

        Assert.Equal(JobState.Completed, (await GetAsync(tenant, job.Id)).State);
    }

    [Theory]
    [InlineData(AttemptEnd.Failed)]
    [InlineData(AttemptEnd.Cancelled)]
    public async Task CancelAsync_RunningAndNotCompleted_IsNotTriedAgain(AttemptEnd end)
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        await Jobs.CancelAsync(tenant.Id, job.Id, Ct);

        await SettleAsync(job, end, "stopped");

        Assert.Equal(JobState.Cancelled, (await GetAsync(tenant, job.Id)).State);
        Assert.Empty(await ClaimAsync(1));
    }

    [Fact]
    public async Task CancelAsync_RunningAndHandedBack_IsCancelledNotQueued()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        await Jobs.CancelAsync(tenant.Id, job.Id, Ct);

        Assert.Equal(TransitionResult.Done, await HandBackAsync(job));

        Assert.Equal(JobState.Cancelled, (await GetAsync(tenant, job.Id)).State);
        Assert.Empty(await ClaimAsync(1));
        Assert.Equal(0, (await UsageAsync(tenant)).Active);
    }

    [Theory]
    [InlineData(AttemptEnd.Completed, JobState.Completed)]
    [InlineData(AttemptEnd.FailedForGood, JobState.Failed)]
    public async Task CancelAsync_Final_ChangesNothing(AttemptEnd end, JobState state)
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        await SettleAsync(job, end, "error");

        Assert.Equal(CancelResult.AlreadyFinal, await Jobs.CancelAsync(tenant.Id, job.Id, Ct));
        Assert.Equal(state, (await GetAsync(tenant, job.Id)).State);
    }

    [Fact]
    public async Task CancelAsync_OfNobodysOrAnothersJob_IsNotFound()
    {
        var tenant = await TenantAsync();
        var other = await TenantAsync();
        var id = await SubmitAsync(other);

        Assert.Equal(CancelResult.NotFound, await Jobs.CancelAsync(tenant.Id, id, Ct));
        Assert.Equal(CancelResult.NotFound, await Jobs.CancelAsync(tenant.Id, JobId.New(TimeProvider.System), Ct));
        Assert.Equal(JobState.Pending, (await GetAsync(other, id)).State);
    }

    [Fact]
    public async Task CancelAsync_RacingWithClaims_EachJobIsEitherCancelledOrRuns()
    {
        const int Count = 200;
        var tenant = await TenantAsync(maxConcurrent: Count);
        var ids = await SubmitAsync(tenant, Count);
        var platforms = await OpenManyAsync(2);

        var cancels = Task.WhenAll(ids.Reverse().Select(id => Task.Run(() => platforms[0].CancelAsync(tenant.Id, id, Ct), Ct)));
        var claims = Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() =>
            platforms[1].ClaimAsync(new() { Pool = Pool, WorkerId = $"w{i}", Slots = 2, LeaseMs = 60_000 }, Ct), Ct)));
        await Task.WhenAll(cancels, claims);

        var results = (await cancels).Reverse().Zip(ids).ToDictionary(p => p.Second, p => p.First);
        var claimed = (await claims).SelectMany(c => c.Jobs).ToDictionary(j => j.Id);
        foreach (var (id, result) in results)
        {
            Assert.Equal(result switch { CancelResult.Requested => true, CancelResult.Cancelled => false, _ => throw new InvalidOperationException($"{result}") }, claimed.ContainsKey(id));
        }

        Assert.Equal(claimed.Count, (await UsageAsync(tenant)).Running);
        Assert.Equal(0, (await UsageAsync(tenant)).Queued);
    }

    [Fact]
    public async Task RetryAsync_FailedOrCancelled_RunsAfreshWithItsFailuresForgotten()
    {
        var tenant = await TenantAsync();
        var failed = await SubmitAsync(tenant, Job("again", maxAttempts: 1));
        await SettleAsync(await ClaimOneAsync(), AttemptEnd.Failed, "once");
        var cancelled = await SubmitAsync(tenant);
        await Jobs.CancelAsync(tenant.Id, cancelled, Ct);

        Assert.Equal(RetryStatus.Accepted, (await Jobs.RetryAsync(tenant.Id, failed, Ct)).Status);
        Assert.Equal(RetryStatus.Accepted, (await Jobs.RetryAsync(tenant.Id, cancelled, Ct)).Status);

        var pending = await GetAsync(tenant, failed);
        Assert.Equal((JobState.Pending, 0, 0, false), (pending.State, pending.Failures, pending.LeasesLost, pending.CancelRequested));
        Assert.Null(pending.Error);
        Assert.Null(pending.FinishedAt);
        Assert.Equal((2, 0), await UsageAsync(tenant) switch { var u => (u.Queued, u.Finished) });
        var jobs = await ClaimAsync(2);
        Assert.Equal([failed, cancelled], jobs.Select(j => j.Id));
        Assert.Equal((0, 2, "again"), (jobs[0].Failures, jobs[0].Fence.Attempt, System.Text.Encoding.UTF8.GetString(jobs[0].Payload.Span)));
        foreach (var job in jobs)
        {
            await SettleAsync(job);
        }

        Assert.Equal((0, 2, 0L), await UsageAsync(tenant) switch { var u => (u.Active, u.Finished, u.PayloadBytes) });
    }

    [Fact]
    public async Task RetryAsync_OldFence_IsStaleInTheNewLife()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant, Job(maxAttempts: 1));
        var old = await ClaimOneAsync();
        await SettleAsync(old, AttemptEnd.Failed, "once");
        await Jobs.RetryAsync(tenant.Id, old.Id, Ct);

        Assert.Equal(TransitionResult.Stale, await SettleAsync(old));
        var job = await ClaimOneAsync();
        Assert.Equal(TransitionResult.Stale, await SettleAsync(old));
        Assert.Equal(TransitionResult.Stale, await Work.ReportProgressAsync(LeaseKey.Of(old), 99, null, Ct));
        Assert.Equal(TransitionResult.Done, await SettleAsync(job));
    }

    [Fact]
    public async Task RetryAsync_NotFailed_IsRefused()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant);
        Assert.Equal(RetryStatus.NotRetryable, (await Jobs.RetryAsync(tenant.Id, id, Ct)).Status);
        var job = await ClaimOneAsync();
        Assert.Equal(RetryStatus.NotRetryable, (await Jobs.RetryAsync(tenant.Id, id, Ct)).Status);
        await SettleAsync(job);
        Assert.Equal(RetryStatus.NotRetryable, (await Jobs.RetryAsync(tenant.Id, id, Ct)).Status);
        Assert.Equal(RetryStatus.NotFound, (await Jobs.RetryAsync(tenant.Id, JobId.New(TimeProvider.System), Ct)).Status);
    }

    [Fact]
    public async Task RetryAsync_NoRoomOrSuspended_IsRefused()
    {
        var tenant = await TenantAsync(maxConcurrent: 1, maxQueued: 0);
        var id = await SubmitAsync(tenant, Job(maxAttempts: 1));
        await SettleAsync(await ClaimOneAsync(), AttemptEnd.Failed, "once");
        var other = await SubmitAsync(tenant);

        Assert.Equal(new RetryResult(RetryStatus.QuotaExceeded, 1, 1), await Jobs.RetryAsync(tenant.Id, id, Ct));
        await Jobs.CancelAsync(tenant.Id, other, Ct);
        await ChangeAsync(tenant, t => t with { Status = Tenants.TenantStatus.Suspended });
        Assert.Equal(RetryStatus.TenantNotActive, (await Jobs.RetryAsync(tenant.Id, id, Ct)).Status);
    }

    [Fact]
    public async Task RetryAsync_ManyForOnePlace_AdmitsOne()
    {
        var tenant = await TenantAsync(maxConcurrent: 1, maxQueued: 49);
        var ids = await SubmitAsync(tenant, 50);
        foreach (var id in ids)
        {
            await Jobs.CancelAsync(tenant.Id, id, Ct);
        }

        tenant = await ChangeAsync(tenant, t => t with { Limits = t.Limits with { MaxQueued = 0 } });
        var platforms = await OpenManyAsync(4);
        var results = await Task.WhenAll(ids.SelectMany(id => platforms.Select(p => Task.Run(() => p.RetryAsync(tenant.Id, id, Ct), Ct))));

        Assert.Single(results, r => r.Status == RetryStatus.Accepted);
        Assert.Equal(1, (await UsageAsync(tenant)).Active);
    }

    [Fact]
    public async Task Progress_IsMonotoneWithinAnAttemptAndStartsAfresh()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        await ReportAsync(job, 30, "a third");
        await ReportAsync(job, 20, "late news");
        Assert.Equal((30, "a third"), await ProgressAsync());
        await ReportAsync(job, 30, "still");
        Assert.Equal((30, "still"), await ProgressAsync());
        await ReportAsync(job, 100, new string('m', 300));
        Assert.Equal((100, new string('m', 256)), await ProgressAsync());
        await HandBackAsync(job);
        Assert.Equal(TransitionResult.Stale, await Work.ReportProgressAsync(LeaseKey.Of(job), 100, "zombie", Ct));

        job = await ClaimOneAsync();
        Assert.Equal(0, (await ProgressAsync()).Percent);
        await ReportAsync(job, 5, null);
        Assert.Equal(5, (await ProgressAsync()).Percent);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Work.ReportProgressAsync(LeaseKey.Of(job), 101, null, Ct));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Work.ReportProgressAsync(LeaseKey.Of(job), -1, null, Ct));

        async Task ReportAsync(LeasedJob lease, int percent, string? message) =>
            Assert.Equal(TransitionResult.Done, await Work.ReportProgressAsync(LeaseKey.Of(lease), percent, message, Ct));
        async Task<(int Percent, string? Message)> ProgressAsync() => await GetAsync(tenant, id) switch { var j => (j.ProgressPercent, j.ProgressMessage) };
    }

    [Fact]
    public async Task Progress_InParallel_EndsAtTheHighest()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        var platforms = await OpenManyAsync(4);

        await Task.WhenAll(Enumerable.Range(0, 100).Reverse().Select(p => Task.Run(() => platforms[p % 4].ReportProgressAsync(LeaseKey.Of(job), p, null, Ct), Ct)));

        Assert.Equal(99, (await GetAsync(tenant, id)).ProgressPercent);
    }

    [Fact]
    public async Task Events_OfALife_ComeInOrderToItsTenantAlone()
    {
        var tenant = await TenantAsync();
        var other = await TenantAsync();
        await using var events = await Jobs.SubscribeAsync(tenant.Id, 1, Ct);
        await using var others = await Jobs.SubscribeAsync(other.Id, 1, Ct);
        await using var otherEpoch = await Jobs.SubscribeAsync(tenant.Id, 2, Ct);
        var id = await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        await Work.ReportProgressAsync(LeaseKey.Of(job), 25, "with spaces and é", Ct);
        await Work.ReportProgressAsync(LeaseKey.Of(job), 10, "lower", Ct);
        await HandBackAsync(job);
        job = await ClaimOneAsync();
        await SettleAsync(job);
        var otherId = await SubmitAsync(other);
        await Jobs.CancelAsync(other.Id, otherId, Ct);

        var mine = await ReadAsync(events, e => e.State == JobState.Completed);
        Assert.All(mine, e => Assert.Equal(id, e.Id));
        Assert.Equal(
            [(JobState.Running, 0, 1), (JobState.Running, 25, 1), (JobState.Pending, 0, 1), (JobState.Running, 0, 2), (JobState.Completed, 100, 2)],
            mine.Where(e => e.State != JobState.Pending || e.Attempt > 0).Select(e => (e.State, e.ProgressPercent, e.Attempt)));
        Assert.Contains(mine, e => e.ProgressMessage == "with spaces and é");
        Assert.Equal(mine.Select(e => e.Sequence).Order(), mine.Select(e => e.Sequence));
        Assert.Equal(mine.Count, mine.Select(e => e.Sequence).Distinct().Count());
        Assert.Equal((await GetAsync(tenant, id)).Sequence, mine[^1].Sequence);
        Assert.All(await ReadAsync(others, e => e.State == JobState.Cancelled), e => Assert.Equal(otherId, e.Id));
        // Messages of one connection come in order: had anything gone to the other epoch's channel, it would be there now.
        var marker = new JobEvent(otherId, 999, JobState.Failed, 1, null, 1);
        await Connection.RunAsync(db => db.PublishAsync(StackExchange.Redis.RedisChannel.Literal(StoreKeys.Progress(tenant.Id, 2)), $"{otherId} 999 failed 1 1 "), write: true, Ct);
        Assert.Equal([marker], await ReadAsync(otherEpoch, _ => true));
    }

    private static async Task<IReadOnlyList<JobEvent>> ReadAsync(IJobEventStream stream, Func<JobEvent, bool> last)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        bound.CancelAfter(Soon);
        var seen = new List<JobEvent>();
        await foreach (var happened in stream.ReadAsync(bound.Token))
        {
            seen.Add(happened);
            if (last(happened))
            {
                break;
            }
        }

        return seen;
    }
}

public sealed class CancelsOnGarnet(EmbeddedFixture store) : CancelTests(store), IClassFixture<EmbeddedFixture>;

public sealed class CancelsOnRedis(RedisFixture store) : CancelTests(store), IClassFixture<RedisFixture>;
