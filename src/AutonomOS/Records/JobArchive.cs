using AutonomOS.Jobs;
using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Records;

/// <summary>
/// Finished jobs in the records: put there once the store need not hold them, read by their tenants until the tenant's
/// retention has passed. Thread-safe, and safe beside other processes on the same records.
/// </summary>
/// <remarks>
/// Every method throws <see cref="RecordsUnavailableException"/> when the records do not answer; a write that throws it
/// may be repeated. A job belongs to an epoch of its tenant: what a former life of the same id left is not found by the
/// present one.
/// </remarks>
public sealed class JobArchive(RecordsDatabase records)
{
    /// <summary>The most jobs that one transaction writes.</summary>
    public const int TransactionJobsMax = 200;

    /// <summary>Payload and result bytes that one transaction writes, unless a single job has more.</summary>
    public const int TransactionBytesMax = 16 * 1024 * 1024;

    /// <summary>The most jobs on a page.</summary>
    public const int PageMax = 200;

    /// <summary>The most jobs that one call of <see cref="PruneAsync"/> removes.</summary>
    public const int PruneMax = 1000;

    /// <summary>
    /// Writes finished jobs. A job that is there already stays as it is, unless what is given is later (it was retried and
    /// finished again): then that takes its place. So a repeat, whole or in part, changes nothing.
    /// </summary>
    /// <param name="jobs">Any number, of any tenants; written tenant by tenant in transactions of at most <see cref="TransactionJobsMax"/> jobs and <see cref="TransactionBytesMax"/> bytes.</param>
    /// <param name="cancellation">Gives up waiting; then any of the jobs may have been written.</param>
    /// <exception cref="ArgumentException">A job is not in a final state, or has no time of its end. Nothing was written.</exception>
    /// <exception cref="RecordsUnavailableException">Those of a transaction that was not reached are not written, the others are.</exception>
    public async Task AddAsync(IReadOnlyList<ArchivedJob> jobs, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        foreach (var archived in jobs)
        {
            if (archived.Job is { State: JobState.Pending or JobState.Running } or { FinishedAt: null })
            {
                throw new ArgumentException($"Job {archived.Job.Id} has not finished.", nameof(jobs));
            }
        }

        foreach (var tenant in jobs.GroupBy(archived => archived.Tenant))
        {
            var latest = tenant.GroupBy(archived => (archived.Job.Epoch, archived.Job.Id), (_, same) => same.MaxBy(archived => archived.Job.Sequence)!);
            foreach (var slice in Slice(latest))
            {
                await records.WriteAsync(RecordsScope.Of(tenant.Key), context => ArchivedJobUpsert.ExecuteAsync(context, slice, cancellation));
            }
        }
    }

    /// <summary>One job of the tenant's epoch, with payload and result, or null.</summary>
    public async Task<ArchivedJob?> FindAsync(TenantId tenant, long epoch, JobId id, CancellationToken cancellation = default)
    {
        var row = await records.ReadAsync(RecordsScope.Of(tenant), context => context.ArchivedJobs.AsNoTracking()
            .SingleOrDefaultAsync(job => job.TenantId == tenant.Value && job.Epoch == epoch && job.Id == id.Value, cancellation));
        return row?.ToArchivedJob();
    }

    /// <summary>
    /// A page of the jobs of the tenant's epoch, newest first, without payloads and results. What it costs depends on
    /// <paramref name="count"/>, not on how many jobs there are.
    /// </summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="state">Only jobs in this final state; null for all.</param>
    /// <param name="beforeSequence">Only jobs with a smaller <see cref="ArchivedJob.ListSequence"/>: that of the last job of the page before; null for the first page.</param>
    /// <param name="count">1 to <see cref="PageMax"/>.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>
    /// At most <paramref name="count"/> jobs; fewer at the end. More only where a store that lost its last moments gave a
    /// sequence out twice: jobs of one sequence are not parted, so that no page begins after a job that was on none.
    /// </returns>
    public async Task<IReadOnlyList<ArchivedJob>> ListAsync(
        TenantId tenant, long epoch, JobState? state, long? beforeSequence, int count, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, PageMax);
        var rows = await records.ReadAsync(RecordsScope.Of(tenant), async context =>
        {
            var all = Listed(context, tenant, epoch, state);
            var page = await Page(all, beforeSequence, count).ToListAsync(cancellation);
            if (page.Count == count)
            {
                var last = page[^1].ListSequence;
                var known = page.Count(job => job.ListSequence == last);
                page.AddRange(await WithoutContent(all.Where(job => job.ListSequence == last).OrderByDescending(job => job.Id).Skip(known)).ToListAsync(cancellation));
            }

            return page;
        });
        return rows.ConvertAll(row => row.ToArchivedJob());
    }

    /// <summary>How many jobs of the tenant's epoch there are. Counts them: its cost grows with their number.</summary>
    public Task<long> CountAsync(TenantId tenant, long epoch, CancellationToken cancellation = default) => records.ReadAsync(RecordsScope.Of(tenant), context =>
        context.ArchivedJobs.LongCountAsync(job => job.TenantId == tenant.Value && job.Epoch == epoch, cancellation));

    /// <summary>
    /// Removes jobs that finished longer ago than their tenant's present retention, whatever their epoch. Call it again
    /// while it returns <paramref name="max"/>.
    /// </summary>
    /// <param name="now">The time that retention is counted back from.</param>
    /// <param name="max">The most to remove, 1 to <see cref="PruneMax"/>.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>How many were removed.</returns>
    public Task<int> PruneAsync(DateTimeOffset now, int max, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, PruneMax);
        var nowMs = now.ToUnixTimeMilliseconds();
        // Row values in IN and a join under LIMIT are beyond what LINQ translates; both databases read this alike.
        return records.WriteAsync(RecordsScope.AllTenants, context => context.Database.ExecuteSqlAsync(
            $"""
             DELETE FROM archived_jobs WHERE (tenant_id, epoch, id) IN (
                 SELECT job.tenant_id, job.epoch, job.id FROM tenants AS tenant JOIN archived_jobs AS job
                     ON job.tenant_id = tenant.id AND job.finished_at < {nowMs} - CAST(tenant.retention_seconds AS bigint) * 1000
                 LIMIT {max})
             """,
            cancellation));
    }

    internal static IQueryable<ArchivedJobRow> Listed(RecordsContext context, TenantId tenant, long epoch, JobState? state)
    {
        var jobs = context.ArchivedJobs.AsNoTracking().Where(job => job.TenantId == tenant.Value && job.Epoch == epoch);
        return state is { } only ? jobs.Where(job => job.State == only) : jobs;
    }

    internal static IQueryable<ArchivedJobRow> Page(IQueryable<ArchivedJobRow> jobs, long? beforeSequence, int count)
    {
        if (beforeSequence is { } before)
        {
            jobs = jobs.Where(job => job.ListSequence < before);
        }

        return WithoutContent(jobs.OrderByDescending(job => job.ListSequence).ThenByDescending(job => job.Id).Take(count));
    }

    private static IQueryable<ArchivedJobRow> WithoutContent(IQueryable<ArchivedJobRow> jobs) => jobs.Select(job => new ArchivedJobRow
    {
        TenantId = job.TenantId,
        Epoch = job.Epoch,
        Id = job.Id,
        ListSequence = job.ListSequence,
        EventSequence = job.EventSequence,
        State = job.State,
        Type = job.Type,
        Pool = job.Pool,
        Priority = job.Priority,
        Error = job.Error,
        ProgressPercent = job.ProgressPercent,
        ProgressMessage = job.ProgressMessage,
        Attempts = job.Attempts,
        MaxAttempts = job.MaxAttempts,
        Failures = job.Failures,
        LeasesLost = job.LeasesLost,
        CancelRequested = job.CancelRequested,
        IdempotencyKey = job.IdempotencyKey,
        SubmittedAt = job.SubmittedAt,
        StartedAt = job.StartedAt,
        FinishedAt = job.FinishedAt,
    });

    private static IEnumerable<IReadOnlyList<ArchivedJobRow>> Slice(IEnumerable<ArchivedJob> jobs)
    {
        var slice = new List<ArchivedJobRow>();
        var bytes = 0;
        foreach (var archived in jobs)
        {
            var size = archived.Job.Payload.Length + (archived.Job.Result?.Length ?? 0);
            if (slice.Count > 0 && (slice.Count == TransactionJobsMax || bytes + size > TransactionBytesMax))
            {
                yield return slice;
                slice = [];
                bytes = 0;
            }

            slice.Add(ArchivedJobRow.Of(archived));
            bytes += size;
        }

        if (slice.Count > 0)
        {
            yield return slice;
        }
    }
}
