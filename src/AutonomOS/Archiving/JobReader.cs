using System.Globalization;
using AutonomOS.Jobs;
using AutonomOS.Records;
using AutonomOS.Storage;
using AutonomOS.Tenants;

namespace AutonomOS.Archiving;

/// <summary>Reads a tenant's jobs wherever they are: live ones in the store, archived ones in the records. Thread-safe.</summary>
/// <remarks>
/// <para>
/// The store is asked first and the records after it, and never the other way round: a job is committed to the records
/// before it leaves the store, so whoever does not find it in the store any more finds it in the records. The other order
/// would have a gap.
/// </para>
/// <para>
/// Every method throws <see cref="StoreUnavailableException"/> when the store does not answer, and
/// <see cref="RecordsUnavailableException"/> when it takes the records to answer and they do not.
/// </para>
/// </remarks>
public sealed class JobReader(IJobStore store, JobArchive archive)
{
    /// <summary>The most jobs on a page.</summary>
    public const int PageMax = 200;

    /// <summary>
    /// Asks the records every kind of question once. What the first call of a kind has to make takes long enough, on a
    /// busy machine, for calls that wait beside it to miss their deadlines.
    /// </summary>
    public async Task WarmUpAsync(CancellationToken cancellation = default)
    {
        var nobody = TenantId.Parse("nobody");
        await archive.FindAsync(nobody, 1, JobId.Parse(new string('0', 32)), cancellation);
        foreach (var state in new JobState?[] { null, JobState.Completed })
        {
            await archive.ListAsync(nobody, 1, state, null, 1, cancellation);
            await archive.ListAsync(nobody, 1, state, 1, 1, cancellation);
        }
    }

    /// <summary>One job of the tenant's epoch, or null when it has no such job.</summary>
    public async Task<JobSnapshot?> GetAsync(TenantId tenant, long epoch, JobId id, CancellationToken cancellation = default) =>
        await store.GetAsync(tenant, id, cancellation) ?? await FindArchivedAsync(tenant, epoch, id, cancellation);

    /// <summary>One job of the tenant's epoch that has left the store, or null.</summary>
    public async Task<JobSnapshot?> FindArchivedAsync(TenantId tenant, long epoch, JobId id, CancellationToken cancellation = default) =>
        (await archive.FindAsync(tenant, epoch, id, cancellation)) is { } archived ? Snapshot(archived) : null;

    /// <summary>A page of the jobs of the tenant's epoch, newest first.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <param name="state">Only jobs in this state; null for all.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="count">1 to <see cref="PageMax"/>.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="FormatException">The cursor is not one of ours.</exception>
    public async Task<JobPage> ListAsync(TenantId tenant, long epoch, JobState? state, string? cursor, int count, CancellationToken cancellation = default)
    {
        var live = await store.ListAsync(tenant, state, cursor, count, cancellation);
        if (state is JobState.Pending or JobState.Running)
        {
            return live;
        }

        long? before = cursor is null ? null : long.Parse(cursor, NumberStyles.None, CultureInfo.InvariantCulture);
        var archived = await archive.ListAsync(tenant, epoch, state, before, count, cancellation);
        return Merge(live, archived, count);
    }

    /// <summary>
    /// Both in one order. The live page has looked down to its cursor and no further, so nothing below that may be shown
    /// yet; a job that is in both, for it moved in between, is shown once.
    /// </summary>
    private static JobPage Merge(JobPage live, IReadOnlyList<ArchivedJob> archived, int count)
    {
        var looked = live.NextCursor is { } next ? long.Parse(next, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        var all = live.Jobs.Concat(archived.Select(Snapshot))
            .DistinctBy(job => job.Id)
            .Where(job => job.Order >= looked)
            .OrderByDescending(job => job.Order)
            .ToList();
        var page = all.Count > count ? all[..count] : all;
        if (page.Count == count && (all.Count > count || live.NextCursor is not null || archived.Count >= count))
        {
            return new JobPage(page, page[^1].Order.ToString(CultureInfo.InvariantCulture));
        }

        return new JobPage(page, live.NextCursor);
    }

    private static JobSnapshot Snapshot(ArchivedJob archived) => archived.Job with { Order = archived.ListSequence };
}
