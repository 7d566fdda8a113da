using System.Globalization;
using System.Security.Cryptography;
using AutonomOS.Jobs;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;

namespace AutonomOS.Tests.Conformance;

/// <summary>Admission: pending + running &lt; max_concurrent + max_queued, decided and recorded at once, whoever races.</summary>
public abstract class AdmissionTests(StoreFixture store) : ConformanceTests(store)
{
    [Fact]
    public async Task SubmitAsync_Accepted_IsStoredAsHandedIn()
    {
        var tenant = await TenantAsync();
        var payload = RandomNumberGenerator.GetBytes(10_000);
        var job = Job(priority: 7, maxAttempts: 9, timeoutMs: 12_345) with { Payload = payload, Type = "a/b:c.d_e-f" };
        var before = Work.StoreNowMs;

        await SubmitAsync(tenant, job);

        var stored = await GetAsync(tenant, job.Id);
        Assert.Equal(payload, stored.Payload.ToArray());
        Assert.Equal((job.Id, job.Type, Pool, JobState.Pending, 1L, 7, 9), (stored.Id, stored.Type, stored.Pool, stored.State, stored.Epoch, stored.Priority, stored.MaxAttempts));
        Assert.Equal((0, 0, 0, 0), (stored.Attempt, stored.Failures, stored.LeasesLost, stored.ProgressPercent));
        Assert.Null(stored.Result);
        Assert.Null(stored.Error);
        Assert.Null(stored.StartedAt);
        Assert.Null(stored.FinishedAt);
        Assert.Null(stored.DueAt);
        Assert.False(stored.CancelRequested);
        Assert.InRange(stored.SubmittedAt.ToUnixTimeMilliseconds(), before - 50, Work.StoreNowMs + 50);
        Assert.Equal((0, WaitReason.PoolBusy), (stored.QueuePosition, stored.Waiting));
    }

    [Fact]
    public async Task SubmitAsync_Strict_SixthBesideFiveIsRefusedWaitingOrRunning()
    {
        var tenant = await TenantAsync(maxConcurrent: 5, maxQueued: 0);
        await SubmitAsync(tenant, 5);
        var sixth = Job();
        Assert.Equal(new SubmitResult(SubmitStatus.QuotaExceeded, sixth.Id, 5, 5), await TrySubmitAsync(tenant, sixth));

        var running = await ClaimAsync(10);
        Assert.Equal(5, running.Count);
        Assert.Equal(SubmitStatus.QuotaExceeded, (await TrySubmitAsync(tenant, Job())).Status);

        await SettleAsync(running[0]);
        await SubmitAsync(tenant, Job());
        Assert.Equal(SubmitStatus.QuotaExceeded, (await TrySubmitAsync(tenant, Job())).Status);
        Assert.Null(await Jobs.GetAsync(tenant.Id, sixth.Id, Ct));
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(3, 97)]
    public async Task SubmitAsync_HundredsRaceForTheLastPlaces_ExactlyTheLimitIsAdmitted(int maxConcurrent, int maxQueued)
    {
        const int Racers = 400;
        var limit = maxConcurrent + maxQueued;
        var tenant = await TenantAsync(maxConcurrent, maxQueued);
        var platforms = await OpenManyAsync(4);
        var jobs = Enumerable.Range(0, Racers).Select(i => Job(i.ToString(CultureInfo.InvariantCulture))).ToArray();

        var results = await Task.WhenAll(jobs.Select((job, i) =>
            Task.Run(async () => (await platforms[i % platforms.Length].SubmitAsync(tenant.Id, tenant.Epoch, [job], Ct))[0], Ct)));

        var accepted = results.Where(r => r.Status == SubmitStatus.Accepted).Select(r => r.Id.Value).Order(StringComparer.Ordinal).ToArray();
        var refused = results.Where(r => r.Status == SubmitStatus.QuotaExceeded).ToArray();
        Assert.Equal(limit, accepted.Length);
        Assert.Equal(Racers - limit, refused.Length);
        Assert.All(refused, r => Assert.Equal((limit, limit), (r.Limit, r.Count)));
        Assert.Equal(accepted, (await ListAsync(tenant)).Select(j => j.Id.Value).Order(StringComparer.Ordinal));
        var keys = await KeysAsync(tenant);
        Assert.All(refused, r => Assert.DoesNotContain(keys, key => key.Contains(r.Id.Value, StringComparison.Ordinal)));
        var usage = await UsageAsync(tenant);
        Assert.Equal((0, limit, 0), (usage.Running, usage.Queued, usage.Delayed));
    }

    [Fact]
    public async Task SubmitAsync_RacingWithSettles_NeverMoreThanTheLimitAndNoPlaceLost()
    {
        const int Limit = 8;
        const int Accepted = 300;
        var tenant = await TenantAsync(maxConcurrent: Limit, maxQueued: 0);
        var platforms = await OpenManyAsync(4);
        var accepted = 0;
        var settled = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        stop.CancelAfter(Soon * 2);
        var submitters = Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            while (Volatile.Read(ref accepted) < Accepted)
            {
                var results = await platforms[i].SubmitAsync(tenant.Id, tenant.Epoch, [Job(), Job(), Job()], stop.Token);
                Interlocked.Add(ref accepted, results.Count(r => r.Status == SubmitStatus.Accepted));
                // Accepted and not yet settled can only have been fewer when the script looked.
                Assert.InRange((await platforms[i].UsageAsync(tenant.Id, stop.Token))!.Active, 0, Limit);
            }
        }, stop.Token));
        var workers = Enumerable.Range(0, 2).Select(i => Task.Run(async () =>
        {
            while (Volatile.Read(ref accepted) < Accepted || Volatile.Read(ref settled) < Volatile.Read(ref accepted))
            {
                var claim = await platforms[i].ClaimAsync(new() { Pool = Pool, WorkerId = NewName("w"), Slots = 4, LeaseMs = 60_000 }, stop.Token);
                await platforms[i].SettleAsync([.. claim.Jobs.Select(j => new Settlement(LeaseKey.Of(j), AttemptEnd.Completed))], stop.Token);
                Interlocked.Add(ref settled, claim.Jobs.Count);
            }
        }, stop.Token));

        await Task.WhenAll([.. submitters, .. workers]);

        Assert.Equal(accepted, settled);
        var usage = await UsageAsync(tenant);
        Assert.Equal((0, 0, accepted), (usage.Active, (int)usage.PayloadBytes, usage.Finished));
        await SubmitAsync(tenant, Limit);
        Assert.Equal(SubmitStatus.QuotaExceeded, (await TrySubmitAsync(tenant, Job())).Status);
    }

    [Fact]
    public async Task SubmitAsync_Batch_AResultPerItemInOrder()
    {
        var tenant = await TenantAsync(2, 2, t => t with { Limits = t.Limits with { PayloadBytesMax = 1024 } });
        await SubmitAsync(tenant, Job("first", key: "k"));
        JobSubmission[] batch = [Job(), Job(new string('x', 1025)), Job("other", key: "k"), Job("first", key: "k"), Job(), Job(), Job(), Job("new", key: "k2")];

        var results = await Jobs.SubmitAsync(tenant.Id, tenant.Epoch, batch, Ct);

        Assert.Equal(
            [SubmitStatus.Accepted, SubmitStatus.PayloadTooLarge, SubmitStatus.IdempotencyConflict, SubmitStatus.Replayed, SubmitStatus.Accepted, SubmitStatus.Accepted, SubmitStatus.QuotaExceeded, SubmitStatus.QuotaExceeded],
            results.Select(r => r.Status));
        Assert.Equal((1024L, 1025L), (results[1].Limit, results[1].Count));
        Assert.Equal(4, (await UsageAsync(tenant)).Active);
    }

    [Fact]
    public async Task SubmitAsync_LargestBatch_IsAdmittedWholeAndInOrder()
    {
        var tenant = await TenantAsync(maxConcurrent: JobSubmissionRules.BatchMax);
        var batch = Enumerable.Range(0, JobSubmissionRules.BatchMax).Select(i => Job(i.ToString(CultureInfo.InvariantCulture))).ToArray();

        Assert.All(await Jobs.SubmitAsync(tenant.Id, tenant.Epoch, batch, Ct), r => Assert.Equal(SubmitStatus.Accepted, r.Status));

        var claimed = new List<JobId>();
        while (claimed.Count < batch.Length)
        {
            var jobs = await ClaimAsync(1000);
            Assert.NotEmpty(jobs);
            claimed.AddRange(jobs.Select(j => j.Id));
        }

        Assert.Equal(batch.Select(j => j.Id), claimed);
    }

    [Fact]
    public async Task AJobCounts_DelayedRunningAndRetrying_UntilItsFinalState()
    {
        var tenant = await TenantAsync(maxConcurrent: 1, maxQueued: 1);
        await SubmitAsync(tenant, Job(delayMs: 3_600_000));
        var id = await SubmitAsync(tenant, Job(maxAttempts: 2));
        await RefusedAsync();

        var job = await ClaimOneAsync();
        await RefusedAsync();
        await SettleAsync(job, AttemptEnd.Failed, "once", retryDelayMs: 3_600_000);
        Assert.Equal(WaitReason.Retrying, (await GetAsync(tenant, id)).Waiting);
        await RefusedAsync();

        Assert.Equal(CancelResult.Cancelled, await Jobs.CancelAsync(tenant.Id, id, Ct));
        await SubmitAsync(tenant);

        async Task RefusedAsync() => Assert.Equal((SubmitStatus.QuotaExceeded, 2L), (await TrySubmitAsync(tenant, Job())) switch { var r => (r.Status, r.Count) });
    }

    [Fact]
    public async Task PayloadBytes_OfUnfinishedJobs_AreLimitedAndGivenBack()
    {
        var tenant = await TenantAsync(change: t => t with { Limits = t.Limits with { TotalPayloadBytesMax = 2000, PayloadBytesMax = 1024 } });
        var kilo = new string('x', 1000);
        await SubmitAsync(tenant, Job(kilo));
        await SubmitAsync(tenant, Job(kilo));

        var refused = Job("y");
        Assert.Equal(new SubmitResult(SubmitStatus.BytesExceeded, refused.Id, 2000, 2000), await TrySubmitAsync(tenant, refused));
        Assert.Equal(SubmitStatus.Accepted, (await TrySubmitAsync(tenant, Job())).Status);
        Assert.Equal(2000, (await UsageAsync(tenant)).PayloadBytes);

        await DrainAsync();
        Assert.Equal(0, (await UsageAsync(tenant)).PayloadBytes);
        await SubmitAsync(tenant, Job(kilo));
        await SubmitAsync(tenant, Job(kilo));
    }

    [Fact]
    public async Task Pools_BeyondTheMost_AreRefused()
    {
        var tenant = await TenantAsync();
        for (var i = 0; i < TenantLimits.PoolsMax; i++)
        {
            await SubmitAsync(tenant, Job(pool: $"{Pool}.{i}"));
        }

        Assert.Equal((SubmitStatus.TooManyPools, (long)TenantLimits.PoolsMax), await TrySubmitAsync(tenant, Job(pool: $"{Pool}.one-more")) switch { var r => (r.Status, r.Limit) });
        await SubmitAsync(tenant, Job(pool: $"{Pool}.0"));
    }

    [Fact]
    public async Task Idempotency_SameContent_AnswersWithTheFirstJobWhateverItsState()
    {
        var tenant = await TenantAsync(maxConcurrent: 1, maxQueued: 0);
        var first = await SubmitAsync(tenant, Job("p", key: "k"));

        await ReplayedAsync();
        var job = await ClaimOneAsync();
        await ReplayedAsync();
        await SettleAsync(job);
        await ReplayedAsync();
        Assert.Single(await ListAsync(tenant));

        async Task ReplayedAsync() => Assert.Equal(new SubmitResult(SubmitStatus.Replayed, first), await TrySubmitAsync(tenant, Job("p", key: "k")));
    }

    [Fact]
    public async Task Idempotency_OtherContent_Conflicts()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant, Job("p", key: "k"));

        JobSubmission[] others = [Job("q", key: "k"), Job("p", key: "k", priority: 6), Job("p", key: "k", delayMs: 1), Job("p", key: "k", pool: Pool + ".b"), Job("p", key: "k") with { Type = "other" }];
        Assert.All(await Jobs.SubmitAsync(tenant.Id, tenant.Epoch, others, Ct), r => Assert.Equal(SubmitStatus.IdempotencyConflict, r.Status));
        Assert.Single(await ListAsync(tenant));
    }

    [Fact]
    public async Task Idempotency_IsPerTenantAndOrdinal()
    {
        var a = await TenantAsync();
        var b = await TenantAsync();
        await SubmitAsync(a, Job("p", key: "k"));

        await SubmitAsync(b, Job("other", key: "k"));
        await SubmitAsync(a, Job("other", key: "K"));
        await SubmitAsync(a, Job("other", key: "{k}:*?[]\\"));
        Assert.Equal(SubmitStatus.Replayed, (await TrySubmitAsync(a, Job("other", key: "{k}:*?[]\\"))).Status);
    }

    [Fact]
    public async Task Idempotency_RefusedSubmission_DoesNotUseItsKeyUp()
    {
        var tenant = await TenantAsync(maxConcurrent: 1, maxQueued: 0);
        await SubmitAsync(tenant);
        Assert.Equal(SubmitStatus.QuotaExceeded, (await TrySubmitAsync(tenant, Job("p", key: "k"))).Status);
        await DrainAsync();

        await SubmitAsync(tenant, Job("another payload now", key: "k"));
    }

    [Fact]
    public async Task Idempotency_HundredsUnderOneKey_MakeOneJob()
    {
        var tenant = await TenantAsync();
        var platforms = await OpenManyAsync(4);

        var results = await Task.WhenAll(Enumerable.Range(0, 400).Select(i =>
            Task.Run(async () => (await platforms[i % platforms.Length].SubmitAsync(tenant.Id, tenant.Epoch, [Job("p", key: "k")], Ct))[0], Ct)));

        var accepted = Assert.Single(results, r => r.Status == SubmitStatus.Accepted);
        Assert.Equal(399, results.Count(r => r == new SubmitResult(SubmitStatus.Replayed, accepted.Id)));
        Assert.Equal(accepted.Id, Assert.Single(await ListAsync(tenant)).Id);
        Assert.Equal(accepted.Id, Assert.Single(await DrainAsync()));
    }

    [Fact]
    public async Task SubmitAsync_InvalidJobOrBatch_ThrowsAndStoresNothing()
    {
        var tenant = await TenantAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => Jobs.SubmitAsync(tenant.Id, tenant.Epoch, [], Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => Jobs.SubmitAsync(tenant.Id, tenant.Epoch, [Job(), Job(priority: 10)], Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => Jobs.SubmitAsync(tenant.Id, tenant.Epoch, [.. Enumerable.Range(0, JobSubmissionRules.BatchMax + 1).Select(_ => Job())], Ct));
        Assert.Equal(0, (await UsageAsync(tenant)).Active);
    }

    [Fact]
    public async Task ListAsync_Pages_BringEachJobOnceNewestFirst()
    {
        var tenant = await TenantAsync(maxConcurrent: 10);
        var ids = await SubmitAsync(tenant, 95);
        var done = new List<JobId>();
        foreach (var job in await ClaimAsync(10))
        {
            await SettleAsync(job);
            done.Add(job.Id);
        }

        Assert.Equal(ids.Reverse(), (await ListAsync(tenant, pageSize: 7)).Select(j => j.Id));
        Assert.Equal(ids.Skip(10).Reverse(), (await ListAsync(tenant, JobState.Pending, pageSize: 10)).Select(j => j.Id));
        Assert.Equal(done.AsEnumerable().Reverse(), (await ListAsync(tenant, JobState.Completed)).Select(j => j.Id));
        Assert.Empty(await ListAsync(tenant, JobState.Failed));
        await Assert.ThrowsAsync<FormatException>(() => Jobs.ListAsync(tenant.Id, null, "nonsense", 10, Ct));
    }
}

public sealed class AdmissionOnGarnet(EmbeddedFixture store) : AdmissionTests(store), IClassFixture<EmbeddedFixture>;

public sealed class AdmissionOnRedis(RedisFixture store) : AdmissionTests(store), IClassFixture<RedisFixture>;
