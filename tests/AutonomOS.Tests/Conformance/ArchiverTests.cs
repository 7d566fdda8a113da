using System.Globalization;
using AutonomOS.Archiving;
using AutonomOS.Jobs;
using AutonomOS.Reconciliation;
using AutonomOS.Records;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Conformance;

/// <summary>Finished jobs leave the store for the records: none is lost, doubled, run again or out of sight for a moment.</summary>
public abstract class ArchiverTests(StoreFixture store) : LifecycleFixture(store)
{
    private const int PrefixesMax = 40;

    [Fact]
    public async Task Archived_JobIsReadAsBeforeAndTheStoreIsEmpty()
    {
        var tenant = await RecordedTenantAsync();
        var id = await SubmitAsync(tenant, Job("payload", priority: 7));
        await SettleAsync(await ClaimOneAsync(), result: "result");
        var before = await GetAsync(tenant, id);

        await ArchiveAllAsync(NewArchiver(), tenant);

        Assert.Null(await Jobs.GetAsync(tenant.Id, id, Ct));
        Assert.Equal([StoreKeys.Meta(tenant.Id)], await KeysAsync(tenant));
        var after = (await Reader.GetAsync(tenant.Id, tenant.Epoch, id, Ct))!;
        Assert.Equal("payload"u8.ToArray(), after.Payload.ToArray());
        Assert.Equal("result"u8.ToArray(), after.Result!.Value.ToArray());
        Assert.Equal(before with { Payload = default, Result = null }, after with { Payload = default, Result = null });
        Assert.Null(await Reader.GetAsync(tenant.Id, tenant.Epoch + 1, id, Ct));
        Assert.Null(await Reader.GetAsync((await RecordedTenantAsync()).Id, 1, id, Ct));
    }

    [Fact]
    public async Task NotYetFinishedOrTooYoung_Stays()
    {
        var tenant = await RecordedTenantAsync();
        var ids = await SubmitAsync(tenant, 3);
        await SettleAsync(await ClaimOneAsync());
        await ClaimOneAsync();

        await ArchiveAllAsync(NewArchiver(new FinishedJobsOptions()), tenant, all: false);
        Assert.NotNull(await Jobs.GetAsync(tenant.Id, ids[0], Ct));
        await ArchiveAllAsync(NewArchiver(), tenant, all: false);

        Assert.Null(await Jobs.GetAsync(tenant.Id, ids[0], Ct));
        Assert.NotNull(await Jobs.GetAsync(tenant.Id, ids[1], Ct));
        Assert.NotNull(await Jobs.GetAsync(tenant.Id, ids[2], Ct));
    }

    [Fact]
    public async Task MoreFinishedThanMayStay_TheOldestLeaveEarlier()
    {
        var tenant = await RecordedTenantAsync();
        var ids = await SubmitAsync(tenant, 5);
        await DrainAsync();
        var archiver = NewArchiver(new FinishedJobsOptions { LiveMax = 2 });

        await UntilAsync(
            async () =>
            {
                await ArchiveAllAsync(archiver, tenant, all: false);
                return await Jobs.GetAsync(tenant.Id, ids[2], Ct) is null;
            },
            "all but two left");

        Assert.Equal(ids.Skip(3).Reverse(), (await ListAsync(tenant)).Select(job => job.Id));
        Assert.Equal(ids.Reverse(), (await ReadAllAsync(tenant)).Select(job => job.Id));
    }

    [Fact]
    public async Task Replay_OfAnArchivedJob_AnswersWithItAndRunsNothing()
    {
        var tenant = await RecordedTenantAsync();
        var first = Job("content", key: "order-17");
        await SubmitAsync(tenant, first);
        await DrainAsync();
        await ArchiveAllAsync(NewArchiver(), tenant);

        var replay = await TrySubmitAsync(tenant, first with { Id = JobId.New(TimeProvider.System) });
        var other = await TrySubmitAsync(tenant, Job("other content", key: "order-17"));

        Assert.Equal((SubmitStatus.Replayed, first.Id), (replay.Status, replay.Id));
        Assert.Equal(SubmitStatus.IdempotencyConflict, other.Status);
        Assert.Empty(await ClaimAsync(10));
        Assert.Equal(JobState.Completed, (await Reader.GetAsync(tenant.Id, tenant.Epoch, replay.Id, Ct))!.State);
    }

    /// <summary>The check above goes red: without the mark, the key looks like that of a submission cut short.</summary>
    [Fact]
    public async Task Replay_WhereTheMarkIsNotRead_RunsTheFinishedJobAgain()
    {
        var tenant = await RecordedTenantAsync();
        var first = Job("content", key: "order-17");
        await SubmitAsync(tenant, first);
        await DrainAsync();
        await ArchiveAllAsync(NewArchiver(), tenant);
        var text = ScriptCatalog.Shipped["submit"].Text;
        var forgetful = text.Replace("if mark == ' done' or ", "if ", StringComparison.Ordinal);
        Assert.NotEqual(text, forgetful);
        await using var platform = Open(Connection, ScriptCatalog.Shipped.With("submit", forgetful));

        var replay = Assert.Single(await platform.SubmitAsync(tenant.Id, tenant.Epoch, [first with { Id = JobId.New(TimeProvider.System) }], Ct));

        Assert.Equal(SubmitStatus.Accepted, replay.Status);
        Assert.Equal(first.Id, (await ClaimOneAsync()).Id);
    }

    /// <summary>Killed after the records had the batch and before the store let it go, or anywhere in between.</summary>
    [Theory]
    [InlineData("settled")]
    [InlineData("archived")]
    public async Task AnyPrefix_NoneIsLostDoubledOrRunAgain(string script)
    {
        var died = 0;
        for (var writes = 0; ; writes++)
        {
            Assert.InRange(writes, 0, PrefixesMax);
            var tenant = await RecordedTenantAsync();
            var offered = Enumerable.Range(0, 3).Select(i => Job("x", key: i == 2 ? null : string.Create(CultureInfo.InvariantCulture, $"k{i}"))).ToArray();
            await Jobs.SubmitAsync(tenant.Id, tenant.Epoch, offered, Ct);
            await DrainAsync();

            var completed = false;
            try
            {
                await ArchiveAllAsync(NewArchiver(scripts: ScriptCatalog.CrashingAfter(script, writes)), tenant);
                completed = true;
            }
            catch (OutcomeUnknownException error) when (error.Message.Contains("the script dies here", StringComparison.Ordinal))
            {
                died++;
            }

            await CheckAsync(tenant, offered, writes);
            await using var reconciler = new Reconciler(Connection, new(), TimeProvider.System, NullLogger<Reconciler>.Instance);
            await RestAsync(reconciler);
            await CheckAsync(tenant, offered, writes);
            await ArchiveAllAsync(NewArchiver(), tenant);
            await CheckAsync(tenant, offered, writes);
            Assert.Equal(offered.Length, (await Archive.ListAsync(tenant.Id, tenant.Epoch, null, null, 200, Ct)).Count);
            Assert.Equal(
                [StoreKeys.Idempotency(tenant.Id, "k0"), StoreKeys.Idempotency(tenant.Id, "k1"), StoreKeys.Keyed(tenant.Id), StoreKeys.Meta(tenant.Id)],
                await KeysAsync(tenant));
            if (completed)
            {
                break;
            }
        }

        Assert.True(died > 2, "The script hardly died.");
    }

    [Fact]
    public async Task BeingArchived_IsNotRetriedAnyMore()
    {
        var tenant = await RecordedTenantAsync();
        var id = await SubmitAsync(tenant, Job());
        await SettleAsync(await ClaimOneAsync(), AttemptEnd.FailedForGood, "no");
        // The records have it, and the process died before the store let it go.
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => NewArchiver(scripts: ScriptCatalog.CrashingAfter("archived", 0)).ArchiveAsync(tenant.Id, all: true, Ct));

        Assert.Equal(RetryStatus.NotRetryable, (await Jobs.RetryAsync(tenant.Id, id, Ct)).Status);

        await ArchiveAllAsync(NewArchiver(), tenant);
        Assert.Equal(JobState.Failed, (await Reader.GetAsync(tenant.Id, tenant.Epoch, id, Ct))!.State);
        Assert.Empty(await ClaimAsync(10));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(200)]
    public async Task List_LiveAndArchivedMixed_NewestFirstEachOnce(int pageSize)
    {
        var tenant = await RecordedTenantAsync(maxConcurrent: 50);
        var ids = new List<JobId>();
        var done = 0;
        for (var round = 0; round < 6; round++)
        {
            ids.AddRange(await SubmitAsync(tenant, 5));
            var jobs = await ClaimAsync(5);
            foreach (var job in jobs.Take(round % 2 == 0 ? 5 : 2))
            {
                await SettleAsync(job);
                done++;
            }

            if (round < 4)
            {
                await ArchiveAllAsync(NewArchiver(), tenant);
            }
        }

        Assert.Equal(Enumerable.Reverse(ids), (await ReadAllAsync(tenant, pageSize: pageSize)).Select(job => job.Id));
        Assert.Equal(done, (await ReadAllAsync(tenant, JobState.Completed, pageSize)).Count);
        Assert.Equal(ids.Count - done, (await ReadAllAsync(tenant, JobState.Running, pageSize)).Count);
    }

    [Fact]
    public async Task WhileJobsMove_EveryReadFindsEveryJob()
    {
        const int Count = 600;
        var tenant = await RecordedTenantAsync(maxConcurrent: 100);
        var ids = (await SubmitAsync(tenant, Count)).ToHashSet();
        await DrainAsync();
        using var readers = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var mixed = 0;
        var reading = Task.Run(
            async () =>
            {
                var probe = ids.ToArray();
                for (var i = 0; !readers.IsCancellationRequested; i++)
                {
                    Assert.Equal(ids, (await ReadAllAsync(tenant)).Select(job => job.Id).ToHashSet());
                    Assert.NotNull(await Reader.GetAsync(tenant.Id, tenant.Epoch, probe[i * 37 % Count], Ct));
                    var live = (await UsageAsync(tenant)).Finished;
                    Interlocked.Add(ref mixed, live is > 0 and < Count ? 1 : 0);
                }
            },
            Ct);
        var archiver = NewArchiver();
        var bound = TimeProvider.System.GetTimestamp();
        while (!await archiver.ArchiveAsync(tenant.Id, all: true, Ct))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(bound) < Soon);
        }

        await UntilAsync(async () => (await UsageAsync(tenant)).Finished == 0, "all moved");
        await readers.CancelAsync();
        await reading;
        Assert.True(mixed > 0, "No read saw the jobs on their way.");
        Assert.Equal(Count, await Archive.CountAsync(tenant.Id, tenant.Epoch, Ct));
    }

    [Fact]
    public async Task RecordsAway_ArchivingWaitsAndNothingElse()
    {
        var tenant = await RecordedTenantAsync();
        var id = await SubmitAsync(tenant, Job());
        await SettleAsync(await ClaimOneAsync());
        var archiver = NewArchiver();
        await using (var holder = new SqliteConnection($"Data Source={RecordsFile};Pooling=False"))
        {
            await holder.OpenAsync(Ct);
            await ExecuteAsync(holder, "BEGIN IMMEDIATE");

            await Assert.ThrowsAsync<RecordsUnavailableException>(() => archiver.ArchiveAsync(tenant.Id, all: true, Ct));

            Assert.NotNull(await Reader.GetAsync(tenant.Id, tenant.Epoch, id, Ct));
            await SubmitAsync(tenant, Job());
            await SettleAsync(await ClaimOneAsync());
            await ExecuteAsync(holder, "ROLLBACK");
        }

        await ArchiveAllAsync(archiver, tenant);
        Assert.Equal(2, await Archive.CountAsync(tenant.Id, tenant.Epoch, Ct));
    }

    [Fact]
    public async Task OutboxFull_TheOldestAreDroppedAndCountedAndNotRunAgain()
    {
        var tenant = await RecordedTenantAsync();
        var first = Job("first", key: "k");
        await SubmitAsync(tenant, first);
        await SubmitAsync(tenant, 4);
        await DrainAsync();
        await using var reconciler = new Reconciler(
            Connection, new() { Finished = new() { OutboxMax = 3 } }, TimeProvider.System, NullLogger<Reconciler>.Instance);

        var report = await RestAsync(reconciler);

        // The visit goes to every tenant of the store.
        Assert.True(report.Overflowed >= 2, $"{report}");
        Assert.Equal(3, (await UsageAsync(tenant)).Finished);
        Assert.Equal(SubmitStatus.Accepted, (await TrySubmitAsync(tenant, Job())).Status);
        Assert.Equal(SubmitStatus.Replayed, (await TrySubmitAsync(tenant, first with { Id = JobId.New(TimeProvider.System) })).Status);
        Assert.Single(await ClaimAsync(10));
    }

    /// <summary>The reconciler tells the archiver where there is something to do; idle tenants are on no list.</summary>
    [Fact]
    public async Task Service_ArchivesWhatTheReconcilerFinds_AndIdleTenantsAreNotScheduled()
    {
        var idle = await RecordedTenantAsync();
        var tenant = await RecordedTenantAsync();
        var id = await SubmitAsync(tenant, Job());
        await DrainAsync();
        await using var reconciler = new Reconciler(Connection, new() { Finished = AtOnce }, TimeProvider.System, NullLogger<Reconciler>.Instance);

        await reconciler.SweepAllAsync(reap: true, Ct);

        Assert.NotNull(await Connection.Database.SortedSetScoreAsync(StoreKeys.Archive, tenant.Id.Value));
        Assert.Null(await Connection.Database.SortedSetScoreAsync(StoreKeys.Archive, idle.Id.Value));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = NewArchiver().RunAsync(stop.Token);
        await UntilAsync(async () => await Jobs.GetAsync(tenant.Id, id, Ct) is null, "the job is archived");
        await UntilAsync(async () => await Connection.Database.SortedSetScoreAsync(StoreKeys.Archive, tenant.Id.Value) is null, "the schedule is empty");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.NotNull(await Reader.GetAsync(tenant.Id, tenant.Epoch, id, Ct));
    }

    [Fact]
    public async Task LapsedIdempotencyKeys_LeaveTheirIndex()
    {
        var tenant = await RecordedTenantAsync(limits: new TenantLimits { RetentionSeconds = 1 });
        await SubmitAsync(tenant, Job(key: "k", pool: Pool));
        await using var reconciler = new Reconciler(Connection, new(), TimeProvider.System, NullLogger<Reconciler>.Instance);
        Assert.Contains(StoreKeys.Keyed(tenant.Id), await KeysAsync(tenant));

        await UntilAsync(
            async () =>
            {
                await reconciler.SweepAllAsync(reap: true, Ct);
                return !(await KeysAsync(tenant)).Contains(StoreKeys.Keyed(tenant.Id), StringComparer.Ordinal);
            },
            "the index of keys is empty");
        Assert.DoesNotContain(StoreKeys.Idempotency(tenant.Id, "k"), await KeysAsync(tenant));
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Ct);
    }

    /// <summary>Each job is found, once, finished; a replay gives it and makes none.</summary>
    private async Task CheckAsync(TenantSettings tenant, JobSubmission[] offered, int writes)
    {
        var all = await ReadAllAsync(tenant);
        Assert.True(
            all.Select(job => job.Id).SequenceEqual(offered.Reverse().Select(job => job.Id)),
            $"After {writes} writes the list has {string.Join(", ", all.Select(job => job.Id))}.");
        Assert.All(all, job => Assert.Equal(JobState.Completed, job.State));
        var replays = await Jobs.SubmitAsync(
            tenant.Id, tenant.Epoch, [.. offered.Where(job => job.IdempotencyKey is not null).Select(job => job with { Id = JobId.New(TimeProvider.System) })], Ct);
        Assert.All(replays, replay => Assert.Equal(SubmitStatus.Replayed, replay.Status));
        Assert.Empty(await ClaimAsync(10));
    }
}

public sealed class ArchiverOnGarnet(EmbeddedFixture store) : ArchiverTests(store), IClassFixture<EmbeddedFixture>;

public sealed class ArchiverOnRedis(RedisFixture store) : ArchiverTests(store), IClassFixture<RedisFixture>;
