using System.Text;
using AutonomOS.Jobs;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;

namespace AutonomOS.Tests.Conformance;

/// <summary>The fence on every transition, and what settling, handing back and failing do.</summary>
public abstract class FenceTests(StoreFixture store) : ConformanceTests(store)
{
    public static TheoryData<string> Strangers => ["epoch", "attempt", "token", "no token", "another job's"];

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task EveryTransition_UnderAnotherFence_IsRefusedAndChangesNothing(string stranger)
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant, 2);
        var jobs = await ClaimAsync(2);
        var job = jobs[0];
        Assert.Equal(TransitionResult.Done, await Work.ReportProgressAsync(LeaseKey.Of(job), 40, "mine", Ct));
        var wrong = job with
        {
            Fence = stranger switch
            {
                "epoch" => job.Fence with { Epoch = 2 },
                "attempt" => job.Fence with { Attempt = 2 },
                "token" => job.Fence with { Token = new string('0', 16) },
                "no token" => job.Fence with { Token = "" },
                _ => jobs[1].Fence,
            },
        };
        var before = await GetAsync(tenant, job.Id);

        Assert.Equal(RenewResult.Lost, await RenewAsync(wrong));
        Assert.Equal(TransitionResult.Stale, await Work.ReportProgressAsync(LeaseKey.Of(wrong), 90, "not mine", Ct));
        Assert.Equal(TransitionResult.Stale, await HandBackAsync(wrong));
        foreach (var end in Enum.GetValues<AttemptEnd>())
        {
            Assert.Equal(TransitionResult.Stale, await SettleAsync(wrong, end, "not mine", "not mine"));
        }

        Assert.Equivalent(before, await GetAsync(tenant, job.Id), strict: true);
        Assert.Equal(2, (await UsageAsync(tenant)).Running);
        Assert.Equal(RenewResult.Kept, await RenewAsync(job));
        Assert.Equal(TransitionResult.Done, await SettleAsync(job));
    }

    [Fact]
    public async Task EveryTransition_OfAnotherTenant_IsRefused()
    {
        var tenant = await TenantAsync();
        var other = await TenantAsync();
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        var foreign = job with { Tenant = other.Id };

        Assert.Equal(RenewResult.Lost, await RenewAsync(foreign));
        Assert.Equal(TransitionResult.Stale, await Work.ReportProgressAsync(LeaseKey.Of(foreign), 90, null, Ct));
        Assert.Equal(TransitionResult.Stale, await SettleAsync(foreign));
        Assert.Equal(TransitionResult.Stale, await HandBackAsync(foreign));
        Assert.DoesNotContain(await KeysAsync(other), key => key.Contains(job.Id.Value, StringComparison.Ordinal));
        Assert.Equal(JobState.Running, (await GetAsync(tenant, job.Id)).State);
    }

    [Fact]
    public async Task SettleAsync_SameFenceAgain_IsDoneAndHasNoSecondEffect()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        Assert.Equal(TransitionResult.Done, await SettleAsync(job, result: "first"));
        var settled = await GetAsync(tenant, job.Id);
        var usage = await UsageAsync(tenant);

        Assert.Equal(TransitionResult.Done, await SettleAsync(job, result: "first"));
        Assert.Equal(TransitionResult.Done, await SettleAsync(job, AttemptEnd.Failed, "second"));

        Assert.Equivalent(settled, await GetAsync(tenant, job.Id), strict: true);
        Assert.Equal(usage, await UsageAsync(tenant));
    }

    [Fact]
    public async Task SettleAsync_HundredsInParallel_OneOutcomeStandsAndOneSlotIsFreed()
    {
        var tenant = await TenantAsync(maxConcurrent: 2, maxQueued: 0);
        await SubmitAsync(tenant, 2);
        var jobs = await ClaimAsync(2);
        var platforms = await OpenManyAsync(4);
        var job = jobs[0];

        var results = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Task.Run(async () =>
            (await platforms[i % platforms.Length].SettleAsync(
                [new(LeaseKey.Of(job), i % 2 == 0 ? AttemptEnd.Completed : AttemptEnd.FailedForGood, Encoding.UTF8.GetBytes($"result {i}"), $"error {i}")], Ct))[0], Ct)));

        Assert.All(results, r => Assert.Equal(TransitionResult.Done, r));
        var settled = await GetAsync(tenant, job.Id);
        Assert.True(settled.State is JobState.Completed or JobState.Failed);
        Assert.Equal(settled.State == JobState.Completed, settled.Result is not null);
        Assert.Equal(settled.State == JobState.Failed, settled.Error is not null);
        Assert.Equal((1, 1, 0L), await UsageAsync(tenant) switch { var u => (u.Running, u.Finished, u.PayloadBytes - jobs[1].Payload.Length) });
        await SubmitAsync(tenant);
        Assert.Equal(SubmitStatus.QuotaExceeded, (await TrySubmitAsync(tenant, Job())).Status);
    }

    [Fact]
    public async Task SettleAndHandBackAndRenew_Racing_OneOfThemWins()
    {
        const int Rounds = 60;
        var tenant = await TenantAsync(maxConcurrent: 1);
        var platforms = await OpenManyAsync(3);
        for (var round = 0; round < Rounds; round++)
        {
            var id = await SubmitAsync(tenant);
            var job = await ClaimOneAsync();

            var settle = Task.Run(() => platforms[0].SettleAsync([new(LeaseKey.Of(job), AttemptEnd.Completed)], Ct), Ct);
            var handBack = Task.Run(() => platforms[1].HandBackAsync([LeaseKey.Of(job)], Ct), Ct);
            var renew = Task.Run(() => platforms[2].RenewAsync([new(LeaseKey.Of(job), long.MaxValue / 4)], 60_000, Ct), Ct);
            await Task.WhenAll(settle, handBack, renew);

            var state = (await GetAsync(tenant, id)).State;
            Assert.Equal(state == JobState.Completed, (await settle)[0] == TransitionResult.Done);
            Assert.Equal(state == JobState.Pending, (await handBack)[0] == TransitionResult.Done);
            Assert.Equal(0, (await UsageAsync(tenant)).Running);
            if (state == JobState.Pending)
            {
                await SettleAsync(await ClaimOneAsync());
            }
        }
    }

    [Fact]
    public async Task RenewAsync_AfterTheEnd_IsLostAndBringsNoSlotBack()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant, 2);
        var jobs = await ClaimAsync(2);
        await SettleAsync(jobs[0]);
        await HandBackAsync(jobs[1]);

        Assert.Equal(RenewResult.Lost, await RenewAsync(jobs[0]));
        Assert.Equal(RenewResult.Lost, await RenewAsync(jobs[1]));
        Assert.Equal(0, (await UsageAsync(tenant)).Running);
    }

    [Fact]
    public async Task RenewAsync_PastItsOwnDeadline_ExtendsNothing()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant);
        var job = await ClaimOneAsync(leaseMs: 5000);
        var expiry = await ExpiryAsync();

        await Work.RenewAsync([new(LeaseKey.Of(job), Work.StoreNowMs + 1000)], 60_000, Ct);
        Assert.Equal(expiry, await ExpiryAsync());
        var notAfter = Work.StoreNowMs + 20_000;
        await Work.RenewAsync([new(LeaseKey.Of(job), notAfter)], 60_000, Ct);
        Assert.Equal(notAfter, await ExpiryAsync());
        await Work.RenewAsync([new(LeaseKey.Of(job), notAfter)], 60_000, Ct);
        Assert.Equal(notAfter, await ExpiryAsync());

        async Task<double?> ExpiryAsync() =>
            await Connection.RunAsync(db => db.SortedSetScoreAsync(AutonomOS.Storage.StoreKeys.Semaphore(tenant.Id), job.Id.Value), write: false, Ct);
    }

    [Fact]
    public async Task HandBackAsync_KeepsThePositionAndCostsNothing()
    {
        var tenant = await TenantAsync(maxConcurrent: 3);
        var ids = await SubmitAsync(tenant, 6);
        var jobs = await ClaimAsync(3);

        Assert.All(await Work.HandBackAsync([.. jobs.Select(LeaseKey.Of)], Ct), r => Assert.Equal(TransitionResult.Done, r));

        var back = await GetAsync(tenant, jobs[1].Id);
        Assert.Equal((JobState.Pending, 0, 0, 1), (back.State, back.Failures, back.LeasesLost, back.QueuePosition));
        Assert.Equal(0, (await UsageAsync(tenant)).Running);
        Assert.Equal(ids, await DrainAsync());
        Assert.All(await ListAsync(tenant), j => Assert.Equal(0, j.Failures));
    }

    [Fact]
    public async Task HandBackAsync_AnyNumberOfTimes_NeverUsesAttemptsUp()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant, Job(maxAttempts: 1));
        var fences = new HashSet<Fence>();
        for (var i = 1; i <= 20; i++)
        {
            var job = await ClaimOneAsync();
            Assert.Equal((i, 0), (job.Fence.Attempt, job.Failures));
            Assert.True(fences.Add(job.Fence));
            Assert.Equal(TransitionResult.Done, await HandBackAsync(job));
        }

        await SettleAsync(await ClaimOneAsync());
        Assert.Equal(JobState.Completed, (await GetAsync(tenant, id)).State);
    }

    [Fact]
    public async Task Failure_BacksOffWithItsSlotFreedMeanwhile()
    {
        var tenant = await TenantAsync(maxConcurrent: 1);
        var ids = await SubmitAsync(tenant, 2);
        var job = await ClaimOneAsync();
        var before = Work.StoreNowMs;

        await SettleAsync(job, AttemptEnd.Failed, "went wrong", retryDelayMs: 3_600_000);

        var waiting = await GetAsync(tenant, job.Id);
        Assert.Equal((JobState.Pending, 1, "went wrong", WaitReason.Retrying), (waiting.State, waiting.Failures, waiting.Error, waiting.Waiting));
        Assert.InRange(waiting.DueAt!.Value.ToUnixTimeMilliseconds() - before, 3_600_000 - 100, 3_600_000 + 15_000);
        Assert.Equal((0, 1, 1), await UsageAsync(tenant) switch { var u => (u.Running, u.Queued, u.Delayed) });
        Assert.Equal(ids[1], (await ClaimOneAsync()).Id);
        Assert.Equal(TransitionResult.Done, await SettleAsync(job, AttemptEnd.Failed, "went wrong", retryDelayMs: 3_600_000));
        Assert.Equal(RenewResult.Lost, await RenewAsync(job));
    }

    [Fact]
    public async Task Failure_OnTheLastAttempt_IsFinal()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant, Job(maxAttempts: 1));

        await SettleAsync(await ClaimOneAsync(), AttemptEnd.Failed, "the last");

        var failed = await GetAsync(tenant, id);
        Assert.Equal((JobState.Failed, 1, "the last"), (failed.State, failed.Failures, failed.Error));
        Assert.NotNull(failed.FinishedAt);
        Assert.Empty(await ClaimAsync(1));
        Assert.Equal((0, 1), await UsageAsync(tenant) switch { var u => (u.Active, u.Finished) });
    }

    [Fact]
    public async Task FailedForGood_IsFinalWhateverAttemptsAreLeft()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant, Job(maxAttempts: 100));

        await SettleAsync(await ClaimOneAsync(), AttemptEnd.FailedForGood, "never again");

        Assert.Equal((JobState.Failed, "never again"), await GetAsync(tenant, id) switch { var j => (j.State, j.Error) });
    }

    [Fact]
    public async Task Completed_KeepsItsResultByteForByte()
    {
        var tenant = await TenantAsync();
        var id = await SubmitAsync(tenant);
        var job = await ClaimOneAsync();
        byte[] result = [0, 255, 13, 10, 128, 0];

        await Work.SettleAsync([new(LeaseKey.Of(job), AttemptEnd.Completed, result)], Ct);

        var done = await GetAsync(tenant, id);
        Assert.Equal(result, done.Result!.Value.ToArray());
        Assert.Equal((JobState.Completed, 100), (done.State, done.ProgressPercent));
        Assert.NotNull(done.FinishedAt);
    }

    [Fact]
    public async Task Completed_ResultBeyondTheLimit_FailsTheJobAndSaysWhy()
    {
        var tenant = await TenantAsync(change: t => t with { Limits = t.Limits with { ResultBytesMax = 1024 } });
        await SubmitAsync(tenant, 2);
        var fits = await ClaimOneAsync();
        await SettleAsync(fits, result: new string('x', 1024));
        Assert.Equal(JobState.Completed, (await GetAsync(tenant, fits.Id)).State);

        var tooLarge = await ClaimOneAsync();
        Assert.Equal(TransitionResult.Done, await SettleAsync(tooLarge, result: new string('x', 1025)));

        var failed = await GetAsync(tenant, tooLarge.Id);
        Assert.Equal(JobState.Failed, failed.State);
        Assert.Null(failed.Result);
        Assert.Contains("1024", failed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ErrorText_BeyondTheLimit_IsCutOff()
    {
        var tenant = await TenantAsync(change: t => t with { Limits = t.Limits with { ErrorBytesMax = 256 } });
        var id = await SubmitAsync(tenant, Job(maxAttempts: 1));

        await SettleAsync(await ClaimOneAsync(), AttemptEnd.Failed, new string('é', 4000));

        var error = (await GetAsync(tenant, id)).Error!;
        Assert.StartsWith("ééé", error, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(error), 1, 256);
        Assert.DoesNotContain("\ufffd", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batches_OfManyTenants_AnswerInOrder()
    {
        var tenants = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TenantAsync(maxConcurrent: 30)));
        foreach (var tenant in tenants)
        {
            await SubmitAsync(tenant, 30);
        }

        var jobs = (await ClaimAsync(120)).OrderBy(j => j.Id.Value, StringComparer.Ordinal).ToArray();
        Assert.Equal(120, jobs.Length);
        var leases = jobs.Select((j, i) => i % 3 == 0 ? LeaseKey.Of(j) with { Fence = j.Fence with { Token = "0000000000000000" } } : LeaseKey.Of(j)).ToArray();

        var renewed = await Work.RenewAsync([.. leases.Select(l => new Renewal(l, long.MaxValue / 4))], 60_000, Ct);
        Assert.Equal(leases.Select((_, i) => i % 3 == 0 ? RenewResult.Lost : RenewResult.Kept), renewed);
        var settled = await Work.SettleAsync([.. leases.Select(l => new Settlement(l, AttemptEnd.Completed))], Ct);
        Assert.Equal(leases.Select((_, i) => i % 3 == 0 ? TransitionResult.Stale : TransitionResult.Done), settled);
        var back = await Work.HandBackAsync([.. jobs.Select(LeaseKey.Of)], Ct);
        Assert.Equal(leases.Select((_, i) => i % 3 == 0 ? TransitionResult.Done : TransitionResult.Stale), back);
    }
}

public sealed class FencesOnGarnet(EmbeddedFixture store) : FenceTests(store), IClassFixture<EmbeddedFixture>;

public sealed class FencesOnRedis(RedisFixture store) : FenceTests(store), IClassFixture<RedisFixture>;
