using AutonomOS.Jobs;
using AutonomOS.Records;
using AutonomOS.Tenants;
using static AutonomOS.Tests.Records.RecordsProcess;

namespace AutonomOS.Tests.Records;

/// <summary>Finished jobs in the records: kept byte for byte, once, listed newest first, removed after their tenant's retention.</summary>
public abstract class JobArchiveTests(RecordsFixture fixture)
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 4, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Find_GivesTheJobByteForByte()
    {
        await using var process = await fixture.NewProcessAsync();
        var tenant = await fixture.NewTenantAsync(process);
        var full = Archived(tenant, 7) with { IdempotencyKey = "a key/~!" };
        full = full with
        {
            Job = full.Job with
            {
                Payload = Enumerable.Range(0, 70_000).Select(i => (byte)i).ToArray(),
                Result = new byte[] { 0, 0xff, 0xc3, 0x28, 0 },
                Error = "zero \0, smile 😀, quote ' and \"",
                ProgressMessage = "half\0way",
                ProgressPercent = 50,
                Priority = 9,
                Sequence = 11,
                Attempt = 4,
                MaxAttempts = 5,
                Failures = 2,
                LeasesLost = 1,
                CancelRequested = true,
                StartedAt = Noon.AddMilliseconds(3),
            },
        };
        var bare = Archived(tenant, 8, JobState.Cancelled) with { IdempotencyKey = null };

        await process.Archive.AddAsync([full, bare], Cancellation);

        AssertSame(full, await process.Archive.FindAsync(tenant, 1, full.Job.Id, Cancellation));
        AssertSame(bare, await process.Archive.FindAsync(tenant, 1, bare.Job.Id, Cancellation));
        Assert.Null(await process.Archive.FindAsync(tenant, 2, full.Job.Id, Cancellation));
        Assert.Null(await process.Archive.FindAsync(await fixture.NewTenantAsync(process), 1, full.Job.Id, Cancellation));
        Assert.Null(await process.Archive.FindAsync(tenant, 1, JobId.New(TimeProvider.System), Cancellation));
    }

    [Fact]
    public async Task Add_AgainWholeOrInPart_ChangesNothing_AndALaterEndTakesThePlaceOfAnEarlier()
    {
        await using var process = await fixture.NewProcessAsync();
        var tenant = await fixture.NewTenantAsync(process);
        var jobs = Enumerable.Range(1, 3).Select(i => Archived(tenant, i, JobState.Failed)).ToList();
        await process.Archive.AddAsync(jobs, Cancellation);
        var retried = jobs[1] with { Job = jobs[1].Job with { State = JobState.Completed, Sequence = jobs[1].Job.Sequence + 3, Result = "2"u8.ToArray() } };
        var stale = jobs[2] with { Job = jobs[2].Job with { State = JobState.Cancelled } };

        await process.Archive.AddAsync([stale, jobs[0], jobs[0], Archived(tenant, 4), retried, jobs[1]], Cancellation);
        await process.Archive.AddAsync([jobs[1]], Cancellation);

        Assert.Equal(4, await process.Archive.CountAsync(tenant, 1, Cancellation));
        AssertSame(jobs[0], await process.Archive.FindAsync(tenant, 1, jobs[0].Job.Id, Cancellation));
        AssertSame(retried, await process.Archive.FindAsync(tenant, 1, jobs[1].Job.Id, Cancellation));
        AssertSame(jobs[2], await process.Archive.FindAsync(tenant, 1, jobs[2].Job.Id, Cancellation));
    }

    [Fact]
    public async Task Add_AJobThatHasNotFinished_IsRefusedAndWritesNothing()
    {
        await using var process = await fixture.NewProcessAsync();
        var tenant = await fixture.NewTenantAsync(process);
        var running = Archived(tenant, 2) with { Job = Archived(tenant, 2).Job with { State = JobState.Running } };
        var endless = Archived(tenant, 3) with { Job = Archived(tenant, 3).Job with { FinishedAt = null } };

        await Assert.ThrowsAsync<ArgumentException>(() => process.Archive.AddAsync([Archived(tenant, 1), running], Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => process.Archive.AddAsync([Archived(tenant, 1), endless], Cancellation));

        Assert.Equal(0, await process.Archive.CountAsync(tenant, 1, Cancellation));
    }

    [Fact]
    public async Task Add_MoreThanOneTransactionTakes_WritesAll()
    {
        await using var process = await fixture.NewProcessAsync();
        var (one, two) = (await fixture.NewTenantAsync(process), await fixture.NewTenantAsync(process));
        var many = Enumerable.Range(1, (2 * JobArchive.TransactionJobsMax) + 1).Select(i => Archived(one, i));
        var large = Enumerable.Range(1, 3).Select(i => Archived(two, i) with { Job = Archived(two, i).Job with { Payload = new byte[(JobArchive.TransactionBytesMax / 2) + 1] } });

        await process.Archive.AddAsync([.. many, .. large], Cancellation);

        Assert.Equal((2 * JobArchive.TransactionJobsMax) + 1, await process.Archive.CountAsync(one, 1, Cancellation));
        Assert.Equal(3, await process.Archive.CountAsync(two, 1, Cancellation));
    }

    [Fact]
    public async Task List_IsNewestFirst_PageByPage_OfOneEpoch_WithoutContent()
    {
        await using var process = await fixture.NewProcessAsync();
        var (tenant, other) = (await fixture.NewTenantAsync(process), await fixture.NewTenantAsync(process));
        JobState[] ends = [JobState.Completed, JobState.Failed, JobState.Cancelled];
        var jobs = Enumerable.Range(1, 30).Select(i => Archived(tenant, i, ends[i % 3])).ToList();
        // A sequence that was given out twice, where a page ends.
        jobs.Add(Archived(tenant, 24, JobState.Completed));
        var former = Archived(tenant, 99) with { Job = Archived(tenant, 99).Job with { Epoch = 2 } };
        await process.Archive.AddAsync([.. jobs, former, Archived(other, 17)], Cancellation);

        var all = await WalkAsync(process, tenant, null, 7);
        Assert.Equal(jobs.OrderByDescending(job => job.ListSequence).ThenByDescending(job => job.Job.Id.Value, StringComparer.Ordinal).Select(job => job.Job.Id), all.Select(job => job.Job.Id));
        Assert.All(all, job => Assert.True(job.Job.Payload.IsEmpty && job.Job.Result is null));
        Assert.Equal("because", all[0].Job.Error);
        foreach (var end in ends)
        {
            Assert.Equal(
                jobs.Where(job => job.Job.State == end).Select(job => job.Job.Id).ToHashSet(),
                (await WalkAsync(process, tenant, end, 4)).Select(job => job.Job.Id).ToHashSet());
        }

        Assert.Equal([former.Job.Id], (await process.Archive.ListAsync(tenant, 2, null, null, 10, Cancellation)).Select(job => job.Job.Id));
        Assert.Empty(await process.Archive.ListAsync(tenant, 1, null, 1, 10, Cancellation));
        Assert.Empty(await process.Archive.ListAsync(tenant, 1, JobState.Running, null, 10, Cancellation));
    }

    [Fact]
    public async Task List_ReadsAlongAnIndex_HoweverManyJobsThereAre()
    {
        var place = await fixture.NewPlaceAsync();
        await using var process = await RecordsProcess.OpenAsync(place, fixture.Store);
        var (tenant, other) = (await fixture.NewTenantAsync(process), await fixture.NewTenantAsync(process));
        await process.Archive.AddAsync([.. Enumerable.Range(1, 3000).Select(i => Archived(i % 3 == 0 ? other : tenant, i, i % 50 == 0 ? JobState.Failed : JobState.Completed))], Cancellation);
        await using (var connection = await place.ConnectAsync())
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "ANALYZE";
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        var all = await place.PlanAsync(RecordsScope.Of(tenant), context => JobArchive.Page(JobArchive.Listed(context, tenant, 1, null), 2000, 50));
        var failed = await place.PlanAsync(RecordsScope.Of(tenant), context => JobArchive.Page(JobArchive.Listed(context, tenant, 1, JobState.Failed), 2000, 50));
        // The control: a list in an order that no index has must be sorted, and the plan says so.
        var sorted = await place.PlanAsync(RecordsScope.Of(tenant), context => JobArchive.Listed(context, tenant, 1, null).OrderBy(job => job.Type).ThenBy(job => job.Pool).Take(50));

        Assert.Contains("archived_jobs_listed", all, StringComparison.Ordinal);
        Assert.Contains("archived_jobs_listed_by_state", failed, StringComparison.Ordinal);
        Assert.All([all, failed], plan => Assert.False(IsSorted(plan), plan));
        Assert.True(IsSorted(sorted), sorted);

        static bool IsSorted(string plan) => plan.Contains("Sort", StringComparison.Ordinal) || plan.Contains("TEMP B-TREE", StringComparison.Ordinal) || plan.Contains("Seq Scan", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prune_RemovesWhatIsPastItsOwnTenantsRetention_InSlices()
    {
        await using var process = await fixture.NewProcessAsync();
        var longest = 30 * 24 * 3600;
        var (brief, patient) = (await fixture.NewTenantAsync(process, 10), await fixture.NewTenantAsync(process, longest));
        await process.Archive.AddAsync([.. Enumerable.Range(1, 10).Select(i => Archived(brief, i)), .. Enumerable.Range(1, 10).Select(i => Archived(patient, i))], Cancellation);

        Assert.Equal(0, await process.Archive.PruneAsync(Noon.AddSeconds(10), 100, Cancellation));
        Assert.Equal(4, await process.Archive.PruneAsync(Noon.AddSeconds(11), 4, Cancellation));
        Assert.Equal(6, await process.Archive.PruneAsync(Noon.AddSeconds(11), 100, Cancellation));
        Assert.Equal((0, 10), (await process.Archive.CountAsync(brief, 1, Cancellation), await process.Archive.CountAsync(patient, 1, Cancellation)));

        Assert.Equal(0, await process.Archive.PruneAsync(Noon.AddSeconds(longest), 100, Cancellation));
        // The retention in force counts, not that of the time of archiving.
        await process.Tenants.ChangeAsync(Who, patient, null, (weight, limits) => (weight, limits with { RetentionSeconds = 3600 }));
        Assert.Equal(10, await process.Archive.PruneAsync(Noon.AddSeconds(3601), 100, Cancellation));
    }

    private static async Task<List<ArchivedJob>> WalkAsync(RecordsProcess process, TenantId tenant, JobState? state, int count)
    {
        var seen = new List<ArchivedJob>();
        long? before = null;
        while (true)
        {
            var page = await process.Archive.ListAsync(tenant, 1, state, before, count, Cancellation);
            seen.AddRange(page);
            if (page.Count < count)
            {
                return seen;
            }

            before = page[^1].ListSequence;
        }
    }

    private static void AssertSame(ArchivedJob expected, ArchivedJob? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Job.Payload.ToArray(), actual.Job.Payload.ToArray());
        Assert.Equal(expected.Job.Result?.ToArray(), actual.Job.Result?.ToArray());
        // Memory compares by place, not by content.
        Assert.Equal(
            expected with { Job = expected.Job with { Payload = default, Result = null } },
            actual with { Job = actual.Job with { Payload = default, Result = null } });
    }

    private static ArchivedJob Archived(TenantId tenant, long sequence, JobState state = JobState.Completed) => new()
    {
        Tenant = tenant,
        ListSequence = sequence,
        Job = new JobSnapshot
        {
            Id = JobId.New(TimeProvider.System),
            Type = "mail/send",
            Pool = "default",
            State = state,
            Epoch = 1,
            Priority = 5,
            Payload = "{}"u8.ToArray(),
            Result = state is JobState.Completed ? "1"u8.ToArray() : default(ReadOnlyMemory<byte>?),
            Error = "because",
            Sequence = 3,
            Attempt = 1,
            MaxAttempts = 3,
            SubmittedAt = Noon.AddSeconds(-1),
            FinishedAt = Noon,
        },
    };
}

/// <summary>On SQLite.</summary>
public sealed class SqliteJobArchiveTests(SqliteRecordsFixture fixture) : JobArchiveTests(fixture), IClassFixture<SqliteRecordsFixture>;

/// <summary>On PostgreSQL.</summary>
public sealed class PostgreSqlJobArchiveTests(PostgreSqlRecordsFixture fixture) : JobArchiveTests(fixture), IClassFixture<PostgreSqlRecordsFixture>;
