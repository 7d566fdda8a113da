using System.Collections.Concurrent;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Records;

/// <summary>
/// Tells the store what the records say of each tenant: at once on a change, and again whenever the store may not know
/// it. Thread-safe.
/// </summary>
/// <remarks>
/// A change is committed to the records before it is applied, so a process that dies between the two, or a store that is
/// away, leaves a store that knows an older version, and a store that lost its data knows none. Instead of a list of
/// what is owed, which would have to survive the same crash, everything is pushed again: at start, when the store comes
/// back, when it denies knowing a tenant, and every <see cref="FullPushMs"/>. Settings carry the records' epoch and
/// version and the store ignores what is not newer, so pushing too often costs a round trip and nothing else.
/// </remarks>
public sealed partial class TenantPublisher(RecordsDatabase records, IJobStore store, TimeProvider time, ILogger<TenantPublisher> log) : BackgroundService
{
    private readonly ConcurrentDictionary<TenantId, (long Epoch, long Version)> _applied = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private volatile bool _pushAll = true;
    private bool _storeWasAway;
    private bool _recordsWereAway;

    /// <summary>How often the store is asked whether it is there, in milliseconds.</summary>
    public const int LookMs = 500;

    /// <summary>How often everything is pushed although nothing seems to be owed, in milliseconds.</summary>
    public const int FullPushMs = 30_000;

    private const int PageCount = 500;
    private const int Parallel = 16;

    /// <summary>Whether this process has seen the store take these settings or later ones.</summary>
    public bool IsApplied(TenantSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return _applied.TryGetValue(settings.Id, out var known)
            && (known.Epoch, known.Version).CompareTo((settings.Epoch, settings.Version)) >= 0;
    }

    /// <summary>Applies settings that the records have just committed. A store that is away makes no error: they are pushed when it is back.</summary>
    /// <returns>Whether the store took them.</returns>
    public async Task<bool> ApplyAsync(TenantSettings settings, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        try
        {
            await store.ApplyTenantAsync(settings, cancellation);
            _applied.AddOrUpdate(settings.Id, (settings.Epoch, settings.Version), (_, known) =>
                known.CompareTo((settings.Epoch, settings.Version)) >= 0 ? known : (settings.Epoch, settings.Version));
            return true;
        }
        catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException)
        {
            PushSoon();
            return false;
        }
    }

    /// <summary>Says that the store did not know a tenant that the records hold: everything is pushed again at once.</summary>
    public void PushSoon()
    {
        _pushAll = true;
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already woken.
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pushedAt = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await StoreAnswersAsync(stoppingToken) && (_pushAll || time.GetElapsedTime(pushedAt).TotalMilliseconds >= FullPushMs))
                {
                    pushedAt = time.GetTimestamp();
                    _pushAll = false;
                    if (!await PushAllAsync(stoppingToken))
                    {
                        _pushAll = true;
                    }
                }

                await _wake.WaitAsync(TimeSpan.FromMilliseconds(LookMs), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    private async Task<bool> StoreAnswersAsync(CancellationToken cancellation)
    {
        try
        {
            await store.PingAsync(cancellation);
            if (_storeWasAway)
            {
                _storeWasAway = false;
                _pushAll = true;
                LogStoreBack();
            }

            return true;
        }
        catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException)
        {
            if (!_storeWasAway)
            {
                _storeWasAway = true;
                // What a lost store knew is not known any more; it may come back empty.
                _applied.Clear();
                LogStoreAway();
            }

            return false;
        }
    }

    /// <returns>False when the store or the records went away half way.</returns>
    private async Task<bool> PushAllAsync(CancellationToken cancellation)
    {
        TenantId? after = null;
        while (true)
        {
            List<TenantRow> rows;
            try
            {
                rows = await records.ReadAsync(RecordsScope.AllTenants, context => TenantRegistry.Page(context, after, PageCount).ToListAsync(cancellation));
                _recordsWereAway = false;
            }
            catch (RecordsUnavailableException)
            {
                if (!_recordsWereAway)
                {
                    _recordsWereAway = true;
                    LogRecordsAway();
                }

                return false;
            }

            var failed = 0;
            await System.Threading.Tasks.Parallel.ForEachAsync(
                rows,
                new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
                async (row, stop) =>
                {
                    if (Volatile.Read(ref failed) == 0 && !await ApplyAsync(row.ToSettings(), stop))
                    {
                        Volatile.Write(ref failed, 1);
                    }
                });
            if (failed != 0)
            {
                return false;
            }

            if (rows.Count < PageCount)
            {
                return true;
            }

            after = TenantId.Parse(rows[^1].Id);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store does not answer. Calls are refused with store_unavailable until it does; nothing that was accepted is lost by this.")]
    private partial void LogStoreAway();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store answers again.")]
    private partial void LogStoreBack();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The records do not answer. Jobs go on; changes of tenants and keys not seen before are refused until they do.")]
    private partial void LogRecordsAway();
}
