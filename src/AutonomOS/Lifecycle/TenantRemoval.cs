using AutonomOS.Archiving;
using AutonomOS.Records;
using AutonomOS.Scheduling;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Lifecycle;

/// <summary>
/// Deletes tenants: what is unfinished is ended, what is finished archived, and every key in the store removed, slice by
/// slice. Any number of processes may run one: they share a schedule. Thread-safe.
/// </summary>
/// <remarks>
/// The records say that a tenant is being deleted before anything is done to it, and that it is deleted after everything
/// is; in between, each step may be repeated. So whoever finds a tenant that is being deleted, at its start or on its
/// rounds, goes on where the last one died. The tenant's hash in the store goes last: until then it refuses what comes
/// late, and from then on there is no tenant to be found.
/// </remarks>
public sealed class TenantRemoval : IAsyncDisposable
{
    /// <summary>How long running jobs have to stop after they were asked to, in milliseconds; then they are cancelled without their workers.</summary>
    public const int StopGraceMs = 30_000;

    /// <summary>Pause between two slices, in milliseconds, in which the store is everybody else's.</summary>
    public const int SlicePauseMs = 5;

    /// <summary>The longest that one tenant is worked on before the others have their turn, in milliseconds.</summary>
    public const int TurnMs = 5000;

    /// <summary>How long a tenant is put off while it is being worked on, in milliseconds; also how long one waits whose server died.</summary>
    public const int PutOffMs = 10_000;

    /// <summary>How long one waits whose jobs are still running, in milliseconds.</summary>
    public const int WaitMs = 500;

    /// <summary>How often the records are asked for tenants that are being deleted, in milliseconds.</summary>
    public const int LookMs = 5000;

    /// <summary>How often the schedule is asked, in milliseconds.</summary>
    public const int TickMs = 250;

    private const int TenantsAtOnceMax = 4;

    private readonly StoreConnection _connection;
    private readonly TenantRegistry _registry;
    private readonly TenantPublisher _publisher;
    private readonly Archiver _archiver;
    private readonly TimeProvider _time;
    private readonly ILogger<TenantRemoval> _logger;
    private readonly ReadyIndex _index;
    private readonly TenantRemains _remains;
    private readonly TenantSchedule _schedule;
    private readonly TenantSchedule _archive;
    private readonly TenantSchedule _tenants;

    /// <summary>Made over a connection, which stays the caller's to dispose of.</summary>
    /// <param name="connection">To the store.</param>
    /// <param name="registry">Says who is being deleted, and is told who is.</param>
    /// <param name="publisher">Tells the store what the records say.</param>
    /// <param name="archiver">Where finished jobs go first.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Told of every tenant that is gone.</param>
    /// <param name="scripts">The scripts; those shipped unless a test says otherwise.</param>
    public TenantRemoval(
        StoreConnection connection,
        TenantRegistry registry,
        TenantPublisher publisher,
        Archiver archiver,
        TimeProvider time,
        ILogger<TenantRemoval> logger,
        ScriptCatalog? scripts = null)
    {
        var catalog = scripts ?? ScriptCatalog.Shipped;
        var tenantScripts = new TenantScripts(connection, catalog);
        _connection = connection;
        _registry = registry;
        _publisher = publisher;
        _archiver = archiver;
        _time = time;
        _logger = logger;
        _index = new ReadyIndex(tenantScripts, catalog, time, logger);
        _remains = new TenantRemains(tenantScripts, _index);
        _schedule = new TenantSchedule(connection, catalog, StoreKeys.Deletions);
        _archive = new TenantSchedule(connection, catalog, StoreKeys.Archive);
        _tenants = new TenantSchedule(connection, catalog, StoreKeys.Tenants);
    }

    /// <summary>Begins to delete a tenant. Repeating it changes nothing, but that <see cref="DeletionMode.Cancel"/> ends a drain that is under way.</summary>
    /// <param name="actor">Who asks for it.</param>
    /// <param name="id">The tenant.</param>
    /// <param name="expectedVersion">The version that the deletion was asked of; null deletes whatever is there. Of no meaning once the tenant is being deleted.</param>
    /// <param name="mode">How what runs is ended.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="StoreUnavailableException">The store did not answer; nothing was done.</exception>
    /// <exception cref="RecordsUnavailableException">The records did not answer; nothing was done.</exception>
    public async Task<TenantChangeResult> BeginAsync(Actor actor, TenantId id, long? expectedVersion, DeletionMode mode, CancellationToken cancellation = default)
    {
        if (await _registry.GetAsync(id) is not { } tenant)
        {
            return new TenantChangeResult(TenantChangeStatus.NotFound, null);
        }

        if (tenant.Settings.Status is not TenantStatus.Deleting && expectedVersion is { } expected && expected != tenant.Settings.Version)
        {
            return new TenantChangeResult(TenantChangeStatus.VersionConflict, tenant);
        }

        // Before the records know of the deletion: whoever takes it up after a crash must know how.
        await _remains.SetModeAsync(tenant.Settings, mode, cancellation);
        var result = await _registry.DeleteAsync(actor, id, expectedVersion);
        if (result is { Status: TenantChangeStatus.Done })
        {
            await TryScheduleAsync(id, cancellation);
        }

        return result;
    }

    /// <summary>Goes on with every deletion under way, until cancelled. Never throws for an absent store or absent records: it tries again.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        long? looked = null;
        while (true)
        {
            try
            {
                if (looked is not { } last || _time.GetElapsedTime(last).TotalMilliseconds >= LookMs)
                {
                    await LookAsync(cancellation);
                    looked = _time.GetTimestamp();
                }

                var due = await _schedule.TakeAsync(PutOffMs, TenantsAtOnceMax, cancellation);
                await Parallel.ForEachAsync(due, cancellation, async (name, stop) =>
                {
                    if (TenantId.TryParse(name, out var tenant))
                    {
                        await TryTurnAsync(tenant, stop);
                    }
                });
            }
            catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException or RecordsUnavailableException)
            {
                _logger.LogDebug("Deletions under way wait: {Why}", error.Message);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(TickMs), _time, cancellation);
        }
    }

    /// <summary>Works on one deletion for at most <see cref="TurnMs"/>.</summary>
    /// <returns>When to go on, in milliseconds from now; null when nothing is left to do.</returns>
    internal async Task<int?> TurnAsync(TenantId id, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        if (await _registry.GetAsync(id) is not { Settings: { Status: TenantStatus.Deleting } tenant })
        {
            await _schedule.RemoveAsync(id, cancellation);
            return null;
        }

        long rank = 0;
        while (_time.GetElapsedTime(start).TotalMilliseconds < TurnMs)
        {
            var ended = await _remains.WithdrawAsync(tenant, rank, StopGraceMs, cancellation);
            if (ended.Found is TenantFound.Gone)
            {
                await FinishAsync(tenant, [], cancellation);
                return null;
            }

            if (ended.Found is TenantFound.Other)
            {
                return await _publisher.ApplyAsync(tenant, cancellation) ? 0 : WaitMs;
            }

            rank = ended.NextRank;
            var archived = await _archiver.ArchiveAsync(id, all: true, cancellation);
            if (archived && ended is { Pending: 0, NextRank: 0 })
            {
                if (ended.Running > 0)
                {
                    return WaitMs;
                }

                var purge = await _remains.PurgeAsync(tenant, last: false, cancellation);
                if (purge is { Found: TenantFound.Deleting, Left: 0 })
                {
                    // While the tenant is still there: nobody knows its pools once it is not.
                    await _remains.ForgetAsync(tenant, purge.Pools, cancellation);
                    if (await _remains.PurgeAsync(tenant, last: true, cancellation) is { Left: 0 })
                    {
                        await FinishAsync(tenant, purge.Pools, cancellation);
                        return null;
                    }
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(SlicePauseMs), _time, cancellation);
        }

        return 0;
    }

    /// <summary>Finds deletions that nobody works on: begun before a crash, or while the store was away.</summary>
    internal async Task LookAsync(CancellationToken cancellation)
    {
        foreach (var tenant in await _registry.DeletingAsync())
        {
            await _schedule.AddAsync(tenant, cancellation);
        }
    }

    /// <summary>Stops carrying notes.</summary>
    public ValueTask DisposeAsync() => _index.DisposeAsync();

    private async Task FinishAsync(TenantSettings tenant, IReadOnlyList<string> pools, CancellationToken cancellation)
    {
        // Once more: a note that was on its way when the index was told may have come after.
        await _remains.ForgetAsync(tenant, pools, cancellation);
        await _tenants.RemoveAsync(tenant.Id, cancellation);
        await _archive.RemoveAsync(tenant.Id, cancellation);
        await _registry.FinishDeletionAsync(tenant.Id, tenant.Epoch);
        await _schedule.RemoveAsync(tenant.Id, cancellation);
        _logger.LogInformation("Tenant {Tenant} of epoch {Epoch} is deleted.", tenant.Id, tenant.Epoch);
    }

    private async Task TryTurnAsync(TenantId tenant, CancellationToken cancellation)
    {
        try
        {
            if (await TurnAsync(tenant, cancellation) is { } againMs)
            {
                await _schedule.BringForwardAsync(tenant, _connection.NowMs + againMs, cancellation);
            }
        }
        catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException or RecordsUnavailableException)
        {
            _logger.LogInformation("The deletion of tenant {Tenant} goes on in {PutOffMs} ms: {Why}", tenant, PutOffMs, error.Message);
        }
    }

    private async Task TryScheduleAsync(TenantId tenant, CancellationToken cancellation)
    {
        try
        {
            await _schedule.BringForwardAsync(tenant, _connection.NowMs, cancellation);
        }
        catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException)
        {
            // It is begun, for the records say so; the next look finds it.
        }
    }
}
