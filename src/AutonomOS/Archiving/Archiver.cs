using System.Data.Common;
using System.Diagnostics.Metrics;
using AutonomOS.Records;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Archiving;

/// <summary>
/// Moves finished jobs from the store to the records, in batches. Any number of processes may run one: they share a
/// schedule, and what two of them do at once is done once. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A batch is marked in the store, committed to the records, and only then dropped from the store: state, jobs index,
/// outbox. A process killed between any two steps leaves jobs that are handed out again; the records take the same job
/// twice as once. So at every instant a job is in the store, in the records, or in both.
/// </para>
/// <para>
/// The reconciler visits every tenant anyway and puts those with something to archive on a schedule of their own, so
/// this class asks about no tenant that has nothing. Records that are away delay it and nothing else: jobs wait in the
/// store, at most <see cref="FinishedJobsOptions.OutboxMax"/> a tenant and no longer than its retention.
/// </para>
/// </remarks>
public sealed class Archiver
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "AutonomOS.Archiver";

    /// <summary>How often the schedule is asked, in milliseconds.</summary>
    public const int TickMs = 250;

    /// <summary>How long a tenant is put off while it is being archived, in milliseconds; also how long one waits whose archiver died.</summary>
    public const int PutOffMs = 10_000;

    /// <summary>Pause after records that did not answer, in milliseconds.</summary>
    public const int AwayPauseMs = 1000;

    /// <summary>How often jobs past their retention are removed from the records, in milliseconds.</summary>
    public const int PruneMs = 30_000;

    /// <summary>Batches of one tenant before the others have their turn.</summary>
    public const int BatchesPerTurnMax = 20;

    private const int TenantsAtOnceMax = 50;

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Archived = Meter.CreateCounter<long>("autonomos.archive.jobs", "{job}", "Finished jobs written to the records and dropped from the store.");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("autonomos.archive.failures", "{batch}", "Batches that the records did not take; they are tried again.");
    private static readonly Counter<long> Pruned = Meter.CreateCounter<long>("autonomos.archive.pruned", "{job}", "Archived jobs removed after their retention.");

    private readonly StoreConnection _connection;
    private readonly JobArchive _archive;
    private readonly Outbox _outbox;
    private readonly TenantSchedule _schedule;
    private readonly TimeProvider _time;
    private readonly ILogger<Archiver> _logger;
    private volatile bool _delayed;

    /// <summary>Made over a connection, which stays the caller's to dispose of.</summary>
    /// <param name="connection">To the store.</param>
    /// <param name="archive">Where jobs go.</param>
    /// <param name="options">How long jobs stay in the store; the reconciler must have the same.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Told when the records are away and back.</param>
    /// <param name="scripts">The scripts; those shipped unless a test says otherwise.</param>
    public Archiver(StoreConnection connection, JobArchive archive, FinishedJobsOptions options, TimeProvider time, ILogger<Archiver> logger, ScriptCatalog? scripts = null)
    {
        var catalog = scripts ?? ScriptCatalog.Shipped;
        _connection = connection;
        _archive = archive;
        _outbox = new Outbox(new TenantScripts(connection, catalog), options);
        _schedule = new TenantSchedule(connection, catalog, StoreKeys.Archive);
        _time = time;
        _logger = logger;
    }

    /// <summary>Whether the records did not take the last batch: finished jobs wait in the store.</summary>
    public bool IsDelayed => _delayed;

    /// <summary>Archives what may go and prunes what is past its retention, until cancelled. Never throws for an absent store or absent records: it tries again.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var pruned = _time.GetTimestamp();
        while (true)
        {
            var pause = TickMs;
            try
            {
                if (_time.GetElapsedTime(pruned).TotalMilliseconds >= PruneMs)
                {
                    pruned = _time.GetTimestamp();
                    await PruneAsync(cancellation);
                }

                await ArchiveDueAsync(cancellation);
            }
            catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException)
            {
                _logger.LogDebug("The archiver could not reach the store: {Why}", error.Message);
            }
            catch (RecordsUnavailableException error)
            {
                Delayed(error);
                pause = AwayPauseMs;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(pause), _time, cancellation);
        }
    }

    /// <summary>Archives jobs of one tenant until none is left that may go, or a turn is over.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="all">However young they are: the tenant is being deleted.</param>
    /// <param name="cancellation">Gives up waiting; nothing is lost.</param>
    /// <returns>Whether none is left.</returns>
    /// <exception cref="RecordsUnavailableException">The records did not answer; nothing is lost.</exception>
    public async Task<bool> ArchiveAsync(TenantId tenant, bool all, CancellationToken cancellation = default)
    {
        for (var batch = 0; batch < BatchesPerTurnMax; batch++)
        {
            var (jobs, gone) = await _outbox.TakeAsync(tenant, all, cancellation);
            if (jobs.Count + gone.Count == 0)
            {
                return true;
            }

            if (jobs.Count > 0)
            {
                await CommitAsync(jobs, cancellation);
            }

            await _outbox.DropAsync(tenant, [.. jobs.Select(job => job.Job.Id), .. gone], cancellation);
            Archived.Add(jobs.Count);
        }

        return false;
    }

    private async Task CommitAsync(IReadOnlyList<ArchivedJob> jobs, CancellationToken cancellation)
    {
        try
        {
            await _archive.AddAsync(jobs, cancellation);
        }
        catch (Exception error) when (error is RecordsUnavailableException or DbException or DbUpdateException)
        {
            Failures.Add(1);
            // Whatever it is that the records refuse: the jobs stay in the store, and the other tenants go on.
            throw error as RecordsUnavailableException ?? new RecordsUnavailableException($"The records refused finished jobs of tenant {jobs[0].Tenant}.", error);
        }

        if (_delayed)
        {
            _delayed = false;
            _logger.LogWarning("The records take finished jobs again.");
        }
    }

    private async Task ArchiveDueAsync(CancellationToken cancellation)
    {
        foreach (var name in await _schedule.TakeAsync(PutOffMs, TenantsAtOnceMax, cancellation))
        {
            if (!TenantId.TryParse(name, out var tenant))
            {
                continue;
            }

            try
            {
                if (await ArchiveAsync(tenant, all: false, cancellation))
                {
                    // The reconciler puts it back as soon as there is something to do.
                    await _schedule.RemoveAsync(tenant, cancellation);
                }
                else
                {
                    await _schedule.BringForwardAsync(tenant, _connection.NowMs, cancellation);
                }
            }
            catch (RecordsUnavailableException error)
            {
                // Put off already. Others may have better luck, for what is wrong may lie in this tenant's jobs.
                Delayed(error);
            }
        }
    }

    private async Task PruneAsync(CancellationToken cancellation)
    {
        int removed;
        do
        {
            removed = await _archive.PruneAsync(_time.GetUtcNow(), JobArchive.PruneMax, cancellation);
            Pruned.Add(removed);
        }
        while (removed == JobArchive.PruneMax);
    }

    private void Delayed(RecordsUnavailableException error)
    {
        if (!_delayed)
        {
            _delayed = true;
            _logger.LogWarning("Finished jobs wait in the store, for the records do not take them: {Why}", error.InnerException?.Message ?? error.Message);
        }
    }
}
