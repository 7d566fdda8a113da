using AutonomOS.Jobs;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;

namespace AutonomOS.Tests.Conformance;

/// <summary>Tenants: settings, versions, epochs, status, and what a change of them sets going.</summary>
public abstract class TenantTests(StoreFixture store) : ConformanceTests(store)
{
    [Fact]
    public async Task ApplyTenantAsync_New_UsageSaysWhatWasApplied()
    {
        var tenant = await TenantAsync(change: t => t with
        {
            Epoch = TenantSettings.EpochMax,
            Version = 7,
            Weight = 1000,
            Limits = new()
            {
                MaxConcurrent = 10_000,
                MaxQueued = 10_000_000,
                PayloadBytesMax = 4 * 1024 * 1024,
                ResultBytesMax = 1024,
                ErrorBytesMax = 256,
                TotalPayloadBytesMax = 16L * 1024 * 1024 * 1024,
                RetentionSeconds = 30 * 24 * 3600,
            },
        });

        var usage = await UsageAsync(tenant);

        Assert.Equal(tenant, usage.Settings);
        Assert.Equal(new TenantUsage(tenant, 0, 0, 0, 0, 0, 0), usage);
    }

    [Fact]
    public async Task ApplyTenantAsync_OlderVersion_ChangesNothing()
    {
        var first = await TenantAsync(change: t => t with { Version = 5 });
        await Jobs.ApplyTenantAsync(first with { Version = 4, Weight = 9 }, Ct);
        Assert.Equal(first, (await UsageAsync(first)).Settings);

        await Jobs.ApplyTenantAsync(first with { Version = 6, Weight = 9 }, Ct);
        Assert.Equal(9, (await UsageAsync(first)).Settings.Weight);
    }

    [Fact]
    public async Task ApplyTenantAsync_OlderEpoch_ChangesNothingWhateverItsVersion()
    {
        var second = await TenantAsync(change: t => t with { Epoch = 2, Version = 1 });
        await Jobs.ApplyTenantAsync(second with { Epoch = 1, Version = 99, Weight = 9 }, Ct);

        Assert.Equal(second, (await UsageAsync(second)).Settings);
    }

    [Fact]
    public async Task ApplyTenantAsync_VersionsInParallel_TheNewestStands()
    {
        var tenant = await TenantAsync();
        await Task.WhenAll(Enumerable.Range(2, 200).Reverse().Select(v => Jobs.ApplyTenantAsync(tenant with { Version = v, Weight = v }, Ct)));

        Assert.Equal(201, (await UsageAsync(tenant)).Settings.Weight);
    }

    [Fact]
    public async Task Unknown_EveryCallOfTheTenant_FindsNothing()
    {
        var nobody = new TenantSettings { Id = TenantId.Parse(NewName("nobody")), Epoch = 1 };

        Assert.Equal(SubmitStatus.TenantGone, (await TrySubmitAsync(nobody, Job())).Status);
        Assert.Null(await Jobs.UsageAsync(nobody.Id, Ct));
        Assert.Null(await Jobs.GetAsync(nobody.Id, JobId.New(TimeProvider.System), Ct));
        Assert.Empty(await ListAsync(nobody));
        Assert.Equal(CancelResult.NotFound, await Jobs.CancelAsync(nobody.Id, JobId.New(TimeProvider.System), Ct));
        Assert.Equal(RetryStatus.NotFound, (await Jobs.RetryAsync(nobody.Id, JobId.New(TimeProvider.System), Ct)).Status);
        Assert.Empty(await ClaimAsync(10));
        Assert.Empty(await KeysAsync(nobody));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task SubmitAsync_AnotherEpoch_TenantGone(long epoch)
    {
        var tenant = await TenantAsync(change: t => t with { Epoch = 2 });

        Assert.Equal(SubmitStatus.TenantGone, (await TrySubmitAsync(tenant with { Epoch = epoch }, Job())).Status);
        Assert.Equal(0, (await UsageAsync(tenant)).Active);
    }

    [Fact]
    public async Task Suspended_SubmissionsRefusedNothingDispatchedRunningSettles()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant, 3);
        var running = await ClaimOneAsync();
        tenant = await ChangeAsync(tenant, t => t with { Status = TenantStatus.Suspended });

        Assert.Equal(SubmitStatus.TenantSuspended, (await TrySubmitAsync(tenant, Job())).Status);
        Assert.All(await Jobs.SubmitAsync(tenant.Id, tenant.Epoch, [Job(), Job()], Ct), r => Assert.Equal(SubmitStatus.TenantSuspended, r.Status));
        Assert.Empty(await ClaimAsync(10));
        Assert.Equal(RenewResult.Kept, await RenewAsync(running));
        Assert.Equal(TransitionResult.Done, await Work.ReportProgressAsync(LeaseKey.Of(running), 50, null, Ct));
        Assert.Equal(TransitionResult.Done, await SettleAsync(running));
        Assert.Equal(JobState.Completed, (await GetAsync(tenant, running.Id)).State);
        Assert.Empty(await ClaimAsync(10));
        var usage = await UsageAsync(tenant);
        Assert.Equal((0, 2), (usage.Running, usage.Queued));
    }

    [Fact]
    public async Task Resumed_DispatchesInOrderAndWakesAWaitingWorker()
    {
        var tenant = await TenantAsync();
        var ids = await SubmitAsync(tenant, 3);
        tenant = await ChangeAsync(tenant, t => t with { Status = TenantStatus.Suspended });
        await using var inbox = await Work.OpenInboxAsync("sleeper", Pool, Ct);
        Assert.True((await ClaimResultAsync(5, workerId: "sleeper")).Latched);

        await ChangeAsync(tenant, t => t with { Status = TenantStatus.Active });

        await WokenAsync(inbox);
        Assert.Equal(ids, (await ClaimAsync(10)).Select(j => j.Id));
    }

    [Fact]
    public async Task Deleting_SubmissionsRefusedAsGoneNothingDispatched()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant, 2);
        await ChangeAsync(tenant, t => t with { Status = TenantStatus.Deleting });

        Assert.Equal(SubmitStatus.TenantGone, (await TrySubmitAsync(tenant, Job())).Status);
        Assert.Empty(await ClaimAsync(10));
    }

    [Fact]
    public async Task LimitLowered_RunningKeepSlotsAndNothingStartsUntilBelow()
    {
        var tenant = await TenantAsync(maxConcurrent: 3);
        await SubmitAsync(tenant, 6);
        var running = await ClaimAsync(10);
        Assert.Equal(3, running.Count);
        await ChangeAsync(tenant, t => t with { Limits = t.Limits with { MaxConcurrent = 1 } });

        Assert.Equal(RenewResult.Kept, await RenewAsync(running[0]));
        await SettleAsync(running[0]);
        Assert.Empty(await ClaimAsync(10));
        await SettleAsync(running[1]);
        Assert.Empty(await ClaimAsync(10));
        await SettleAsync(running[2]);
        Assert.Single(await ClaimAsync(10));
    }

    [Fact]
    public async Task LimitRaised_StartsMoreAndWakesAWaitingWorker()
    {
        var tenant = await TenantAsync(maxConcurrent: 1);
        await SubmitAsync(tenant, 6);
        await using var inbox = await Work.OpenInboxAsync("sleeper", Pool, Ct);
        Assert.Single((await ClaimResultAsync(5, workerId: "sleeper")).Jobs);
        Assert.True((await ClaimResultAsync(5, workerId: "sleeper")).Latched);

        await ChangeAsync(tenant, t => t with { Limits = t.Limits with { MaxConcurrent = 4 } });

        await WokenAsync(inbox);
        Assert.Equal(3, (await ClaimAsync(10)).Count);
    }

    [Fact]
    public async Task LimitLowered_AdmissionFollowsAtOnce()
    {
        var tenant = await TenantAsync(maxConcurrent: 2, maxQueued: 4);
        await SubmitAsync(tenant, 4);
        tenant = await ChangeAsync(tenant, t => t with { Limits = t.Limits with { MaxQueued = 1 } });

        Assert.Equal((SubmitStatus.QuotaExceeded, 3L, 4L), Refusal(await TrySubmitAsync(tenant, Job())));
        await ChangeAsync(tenant, t => t with { Limits = t.Limits with { MaxQueued = 3 } });
        Assert.Equal(SubmitStatus.Accepted, (await TrySubmitAsync(tenant, Job())).Status);
        Assert.Equal(SubmitStatus.QuotaExceeded, (await TrySubmitAsync(tenant, Job())).Status);
    }

    private static (SubmitStatus Status, long Limit, long Count) Refusal(SubmitResult r) => (r.Status, r.Limit, r.Count);
}

public sealed class TenantsOnGarnet(EmbeddedFixture store) : TenantTests(store), IClassFixture<EmbeddedFixture>;

public sealed class TenantsOnRedis(RedisFixture store) : TenantTests(store), IClassFixture<RedisFixture>;
