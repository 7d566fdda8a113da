using AutonomOS.Jobs;
using AutonomOS.Lifecycle;
using AutonomOS.Reconciliation;
using AutonomOS.Records;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Conformance;

/// <summary>A deleted tenant leaves its archive and its tombstone, and nothing else; what it left behind anywhere can do nothing.</summary>
public abstract class RemovalTests(StoreFixture store) : LifecycleFixture(store)
{
    private const int PrefixesMax = 60;
    private const int TurnsMax = 200;

    [Fact]
    public async Task Cancel_EveryKindOfJobEndsIsArchivedAndNoKeyIsLeft()
    {
        var bystander = await RecordedTenantAsync();
        var elsewhere = NewName("pool");
        await SubmitAsync(bystander, Job(pool: elsewhere));
        var (tenant, ids, running) = await BusyAsync();
        await using var removal = NewRemoval();

        var begun = await removal.BeginAsync(Operator, tenant.Id, tenant.Version, DeletionMode.Cancel, Ct);

        Assert.Equal((TenantChangeStatus.Done, TenantStatus.Deleting), (begun.Status, begun.Tenant!.Settings.Status));
        Assert.Equal(SubmitStatus.TenantGone, (await TrySubmitAsync(tenant, Job())).Status);
        Assert.Equal(TenantRemoval.WaitMs, await removal.TurnAsync(tenant.Id, Ct));
        Assert.Equal(RenewResult.KeptCancelRequested, await RenewAsync(running));
        Assert.Equal(TransitionResult.Done, await SettleAsync(running, AttemptEnd.Cancelled));
        await FinishedAsync(removal, tenant);

        await NothingIsLeftAsync(tenant);
        Assert.Null(await Registry.GetAsync(tenant.Id));
        var archived = await ReadAllAsync(tenant);
        Assert.Equal(ids.ToHashSet(), archived.Select(job => job.Id).ToHashSet());
        Assert.Equal(ids.Count, archived.Count);
        Assert.All(archived, job => Assert.Equal(job.Id == ids[0] ? JobState.Completed : JobState.Cancelled, job.State));
        Assert.NotNull(await Connection.Database.SortedSetScoreAsync(StoreKeys.Tenants, bystander.Id.Value));
        Assert.Equal(1, (await UsageAsync(bystander)).Queued);
        Assert.Single(await ClaimAsync(10, pool: elsewhere));
    }

    [Fact]
    public async Task Drain_RunningJobsEndByThemselves()
    {
        var (tenant, _, running) = await BusyAsync();
        await using var removal = NewRemoval();
        await removal.BeginAsync(Operator, tenant.Id, tenant.Version, DeletionMode.Drain, Ct);

        Assert.Equal(TenantRemoval.WaitMs, await removal.TurnAsync(tenant.Id, Ct));

        Assert.Equal(RenewResult.Kept, await RenewAsync(running));
        Assert.Equal(TransitionResult.Done, await SettleAsync(running, result: "drained"));
        await FinishedAsync(removal, tenant);
        await NothingIsLeftAsync(tenant);
        Assert.Equal(JobState.Completed, (await Reader.GetAsync(tenant.Id, tenant.Epoch, running.Id, Ct))!.State);
    }

    [Fact]
    public async Task Repeated_ChangesNothingButThatCancelEndsADrain()
    {
        var (tenant, _, running) = await BusyAsync();
        await using var removal = NewRemoval();
        var first = await removal.BeginAsync(Operator, tenant.Id, tenant.Version, DeletionMode.Drain, Ct);
        await removal.TurnAsync(tenant.Id, Ct);

        // With the version it had before: whoever lost the first answer knows no other.
        var second = await removal.BeginAsync(Operator, tenant.Id, tenant.Version, DeletionMode.Cancel, Ct);

        Assert.Equal(first.Tenant, second.Tenant);
        await removal.TurnAsync(tenant.Id, Ct);
        Assert.Equal(RenewResult.KeptCancelRequested, await RenewAsync(running));
        await HandBackAsync(running);
        await FinishedAsync(removal, tenant);
        Assert.Equal(TenantChangeStatus.NotFound, (await removal.BeginAsync(Operator, tenant.Id, null, DeletionMode.Cancel, Ct)).Status);
    }

    [Fact]
    public async Task Begin_OfAnotherVersion_ChangesNothing()
    {
        var tenant = await RecordedTenantAsync();
        await using var removal = NewRemoval();

        Assert.Equal(TenantChangeStatus.VersionConflict, (await removal.BeginAsync(Operator, tenant.Id, tenant.Version + 1, DeletionMode.Cancel, Ct)).Status);

        Assert.Equal(TenantStatus.Active, (await Registry.GetAsync(tenant.Id))!.Settings.Status);
        await SubmitAsync(tenant, Job());
    }

    /// <summary>A body that does not stop: its grace over, its job is cancelled without it, and what it says later is refused.</summary>
    [Fact]
    public async Task NeverStopping_IsCancelledAfterTheGraceAndFenced()
    {
        var (tenant, _, running) = await BusyAsync();
        await using var removal = NewRemoval();
        await removal.BeginAsync(Operator, tenant.Id, tenant.Version, DeletionMode.Cancel, Ct);
        await removal.TurnAsync(tenant.Id, Ct);
        // As if the grace had passed.
        await Connection.Database.HashSetAsync(StoreKeys.Meta(tenant.Id), "dt", Work.StoreNowMs - TenantRemoval.StopGraceMs);

        await FinishedAsync(removal, tenant);

        await NothingIsLeftAsync(tenant);
        Assert.Equal(JobState.Cancelled, (await Reader.GetAsync(tenant.Id, tenant.Epoch, running.Id, Ct))!.State);
        Assert.Equal(TransitionResult.Stale, await SettleAsync(running));
        Assert.Equal(RenewResult.Lost, await RenewAsync(running));
        await NothingIsLeftAsync(tenant);
    }

    /// <summary>Whatever write the removal dies before, another process goes on.</summary>
    [Theory]
    [InlineData("deletion")]
    [InlineData("withdraw")]
    [InlineData("settled")]
    [InlineData("archived")]
    [InlineData("purge")]
    [InlineData("forget")]
    public async Task AnyPrefix_AnotherProcessGoesOn(string script)
    {
        var died = 0;
        for (var writes = 0; ; writes++)
        {
            Assert.InRange(writes, 0, PrefixesMax);
            var (tenant, ids, running) = await BusyAsync(NewName("pool"));
            var completed = false;
            await using (var dying = NewRemoval(ScriptCatalog.CrashingAfter(script, writes)))
            {
                try
                {
                    await dying.BeginAsync(Operator, tenant.Id, tenant.Version, DeletionMode.Cancel, Ct);
                    await dying.TurnAsync(tenant.Id, Ct);
                    await HandBackAsync(running);
                    await FinishedAsync(dying, tenant);
                    completed = true;
                }
                catch (OutcomeUnknownException error) when (error.Message.Contains("the script dies here", StringComparison.Ordinal))
                {
                    died++;
                }
            }

            await using (var reconciler = new Reconciler(Connection, new(), TimeProvider.System, NullLogger<Reconciler>.Instance))
            {
                await RestAsync(reconciler);
            }

            await using var removal = NewRemoval();
            if (!completed)
            {
                await removal.BeginAsync(Operator, tenant.Id, null, DeletionMode.Cancel, Ct);
                await removal.LookAsync(Ct);
                await removal.TurnAsync(tenant.Id, Ct);
                await HandBackAsync(running);
                await FinishedAsync(removal, tenant);
            }

            await NothingIsLeftAsync(tenant);
            var archived = await ReadAllAsync(tenant);
            Assert.True(ids.ToHashSet().SetEquals(archived.Select(job => job.Id)) && ids.Count == archived.Count, $"After {writes} writes {archived.Count} of {ids.Count} are archived.");
            if (completed)
            {
                break;
            }
        }

        Assert.True(died > 0, "The script never died.");
    }

    /// <summary>The order matters, and the check above goes red: a purge that takes the tenant first leaves what comes after.</summary>
    [Fact]
    public async Task PurgeThatTakesTheTenantFirst_DiesInBetween_LeavesKeysForEver()
    {
        var (tenant, _, running) = await BusyAsync();
        await HandBackAsync(running);
        var text = ScriptCatalog.Shipped["purge"].Text;
        var wrong = text.Replace("local pools = split(m[3])\nlocal most = tonumber(ARGV[4])\n", "redis.call('DEL', meta)\nerror('the script dies here')\n", StringComparison.Ordinal);
        Assert.NotEqual(text, wrong);
        await using (var dying = NewRemoval(ScriptCatalog.Shipped.With("purge", wrong)))
        {
            await dying.BeginAsync(Operator, tenant.Id, tenant.Version, DeletionMode.Cancel, Ct);
            await Assert.ThrowsAsync<OutcomeUnknownException>(() => FinishedAsync(dying, tenant));
        }

        await using var removal = NewRemoval();
        await FinishedAsync(removal, tenant);

        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => NothingIsLeftAsync(tenant));
    }

    [Fact]
    public async Task Service_TakesUpWhatADeadServerLeft()
    {
        var (tenant, _, running) = await BusyAsync();
        await HandBackAsync(running);
        // Begun, and nobody was there to be told.
        await Registry.DeleteAsync(Operator, tenant.Id, tenant.Version);
        await using var removal = NewRemoval();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        var service = removal.RunAsync(stop.Token);
        await UntilAsync(async () => await Registry.GetAsync(tenant.Id) is null, "the tenant is deleted");
        await UntilAsync(async () => await Connection.Database.SortedSetScoreAsync(StoreKeys.Deletions, tenant.Id.Value) is null, "the schedule is empty");

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service);
        await NothingIsLeftAsync(tenant);
    }

    [Fact]
    public async Task Deleted_LatePushesAndNotes_BringNothingBack()
    {
        var (tenant, _, running) = await BusyAsync();
        await HandBackAsync(running);
        await using var removal = NewRemoval();
        var deleting = (await removal.BeginAsync(Operator, tenant.Id, null, DeletionMode.Cancel, Ct)).Tenant!.Settings;
        await FinishedAsync(removal, tenant);

        await Jobs.ApplyTenantAsync(deleting, Ct);
        await NothingIsLeftAsync(tenant);

        // A note that was on its way for long: the first claim that meets it sends it home.
        var pool = NewName("pool");
        var other = await RecordedTenantAsync();
        await Connection.Database.SortedSetAddAsync(StoreKeys.Ready(pool), tenant.Id.Value, 0);
        await Connection.Database.HashSetAsync(StoreKeys.Generations(pool), tenant.Id.Value, "1 0 0 1 10000 5 0");
        await SubmitAsync(other, Job(pool: pool));
        Assert.Equal(other.Id, (await ClaimOneAsync(pool: pool)).Tenant);
        await NothingIsLeftAsync(tenant);

        // And the reconciler's schedule.
        await Connection.Database.SortedSetAddAsync(StoreKeys.Tenants, tenant.Id.Value, 0);
        await using var reconciler = new Reconciler(Connection, new(), TimeProvider.System, NullLogger<Reconciler>.Instance);
        await reconciler.SweepAllAsync(reap: true, Ct);
        await reconciler.SweepAllAsync(reap: true, Ct);
        await NothingIsLeftAsync(tenant);
    }

    [Fact]
    public async Task Reactivated_NothingOfTheFormerLifeIsSeenOrActs()
    {
        var (former, ids, running) = await BusyAsync();
        await using var removal = NewRemoval();
        await removal.BeginAsync(Operator, former.Id, former.Version, DeletionMode.Cancel, Ct);
        await Connection.Database.HashSetAsync(StoreKeys.Meta(former.Id), "dt", Work.StoreNowMs - TenantRemoval.StopGraceMs);
        await FinishedAsync(removal, former);
        await using var oldEvents = await Jobs.SubscribeAsync(former.Id, former.Epoch, Ct);

        var tenant = await RecordedTenantAsync(id: former.Id);

        Assert.Equal(former.Epoch + 1, tenant.Epoch);
        Assert.Empty(await ReadAllAsync(tenant));
        Assert.Null(await Reader.GetAsync(tenant.Id, tenant.Epoch, ids[0], Ct));
        Assert.Equal(0, (await UsageAsync(tenant)).ServedMs);
        // The stale worker.
        Assert.Equal(RenewResult.Lost, await RenewAsync(running));
        Assert.Equal(TransitionResult.Stale, await Work.ReportProgressAsync(LeaseKey.Of(running), 50, "stale", Ct));
        Assert.Equal(TransitionResult.Stale, await SettleAsync(running));
        Assert.Equal(TransitionResult.Stale, await HandBackAsync(running));
        // The stale server and its client.
        Assert.Equal(SubmitStatus.TenantGone, (await TrySubmitAsync(former, Job())).Status);
        Assert.Equal(CancelResult.NotFound, await Jobs.CancelAsync(tenant.Id, running.Id, Ct));
        Assert.Equal(RetryStatus.NotFound, (await Jobs.RetryAsync(tenant.Id, ids[0], Ct)).Status);
        await Jobs.ApplyTenantAsync(former with { Version = 99, Weight = 9 }, Ct);
        Assert.Equal(1, (await UsageAsync(tenant)).Settings.Weight);
        // An idempotency key of the former life is free, and its job a new one.
        var again = Job("finished", key: "key-0");
        Assert.Equal(new SubmitResult(SubmitStatus.Accepted, again.Id), await TrySubmitAsync(tenant, again));
        var claimed = await ClaimOneAsync();
        Assert.Equal((again.Id, tenant.Epoch), (claimed.Id, claimed.Fence.Epoch));
        await SettleAsync(claimed);
        // Who listens to the former life hears nothing of the new one.
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await using var newEvents = await Jobs.SubscribeAsync(tenant.Id, tenant.Epoch, Ct);
        await SubmitAsync(tenant, Job());
        await SettleAsync(await ClaimOneAsync());
        await using var heard = newEvents.ReadAsync(Ct).GetAsyncEnumerator(Ct);
        Assert.True(await heard.MoveNextAsync());
        await oldEvents.DisposeAsync();
        Assert.Empty(await ToListAsync(oldEvents.ReadAsync(quiet.Token)));
        Assert.Equal(2, (await ReadAllAsync(tenant)).Count);
    }

    [Fact]
    public async Task ManyJobs_GoInSlicesAndANeighbourIsServedInBetween()
    {
        const int Count = 3000;
        var neighbour = await RecordedTenantAsync(maxConcurrent: 1);
        var tenant = await RecordedTenantAsync();
        var pool = NewName("pool");
        foreach (var chunk in Enumerable.Range(0, Count).Select(i => Job(pool: pool)).Chunk(500))
        {
            await Jobs.SubmitAsync(tenant.Id, tenant.Epoch, chunk, Ct);
        }

        await using var removal = NewRemoval();
        await removal.BeginAsync(Operator, tenant.Id, null, DeletionMode.Cancel, Ct);
        var removing = Task.Run(() => FinishedAsync(removal, tenant), Ct);
        var served = 0;
        while (!removing.IsCompleted)
        {
            await SubmitAsync(neighbour, Job());
            await SettleAsync(await ClaimOneAsync());
            served++;
        }

        await removing;
        Assert.True(served > Count / TenantRemains.SliceMax, $"The neighbour was served {served} times.");
        Assert.Equal(Count, await Archive.CountAsync(tenant.Id, tenant.Epoch, Ct));
        await NothingIsLeftAsync(tenant);
    }

    private static async Task<List<JobEvent>> ToListAsync(IAsyncEnumerable<JobEvent> events)
    {
        var all = new List<JobEvent>();
        await foreach (var happened in events)
        {
            all.Add(happened);
        }

        return all;
    }

    /// <summary>Takes turns until the tenant is gone.</summary>
    private static async Task FinishedAsync(TenantRemoval removal, TenantSettings tenant)
    {
        for (var turn = 0; await removal.TurnAsync(tenant.Id, Ct) is not null; turn++)
        {
            Assert.InRange(turn, 0, TurnsMax);
        }
    }

    /// <summary>A tenant with a finished, a running, a queued, a delayed and a retrying job, all with idempotency keys.</summary>
    private async Task<(TenantSettings Tenant, IReadOnlyList<JobId> Ids, LeasedJob Running)> BusyAsync(string? pool = null)
    {
        pool ??= Pool;
        var tenant = await RecordedTenantAsync();
        var ids = new List<JobId> { await SubmitAsync(tenant, Job("finished", key: "key-0", pool: pool)) };
        await SettleAsync(await ClaimOneAsync(pool: pool));
        ids.Add(await SubmitAsync(tenant, Job("retrying", key: "key-1", pool: pool)));
        await SettleAsync(await ClaimOneAsync(pool: pool), AttemptEnd.Failed, "again", retryDelayMs: 3_600_000);
        ids.Add(await SubmitAsync(tenant, Job("running", key: "key-2", pool: pool)));
        var running = await ClaimOneAsync(pool: pool);
        ids.Add(await SubmitAsync(tenant, Job("queued", key: "key-3", pool: pool)));
        ids.Add(await SubmitAsync(tenant, Job("queued elsewhere", key: "key-4", pool: NewName("pool"))));
        ids.Add(await SubmitAsync(tenant, Job("delayed", key: "key-5", pool: pool, delayMs: 3_600_000)));
        return (tenant, ids, running);
    }

    /// <summary>No key of the tenant, and no entry of it in any key.</summary>
    private async Task NothingIsLeftAsync(TenantSettings tenant)
    {
        Assert.Empty(await KeysAsync(tenant));
        foreach (var key in (await KeysAsync()).Where(key => !key.Contains(":tenant:", StringComparison.Ordinal)))
        {
            var left = (await Connection.Database.KeyTypeAsync(key)) switch
            {
                StackExchange.Redis.RedisType.SortedSet => await Connection.Database.SortedSetScoreAsync(key, tenant.Id.Value) is not null,
                StackExchange.Redis.RedisType.Hash => await Connection.Database.HashExistsAsync(key, tenant.Id.Value),
                _ => false,
            };
            Assert.False(left, $"{key} still names {tenant.Id}.");
        }
    }
}

public sealed class RemovalOnGarnet(EmbeddedFixture store) : RemovalTests(store), IClassFixture<EmbeddedFixture>;

public sealed class RemovalOnRedis(RedisFixture store) : RemovalTests(store), IClassFixture<RedisFixture>;
