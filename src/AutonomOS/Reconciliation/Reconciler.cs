using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using AutonomOS.Scheduling;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace AutonomOS.Reconciliation;

/// <summary>
/// Reaps lapsed leases, fails what outran its timeout, promotes what is due, drops what is past its retention, re-indexes
/// what should be runnable and mends interrupted scripts. One leads at a time; any number stand by.
/// </summary>
/// <remarks>
/// <para>
/// Tenants are visited by a schedule in the store: tenant → next visit. A visit first puts the tenant off by one audit
/// interval and brings it forward again to the earliest lease expiry or due time it found, so idle tenants cost one
/// script per interval. An audit interval of at most half a lease means that no lease, granted after one visit, can lapse
/// before the next.
/// </para>
/// <para>
/// Reaping a live worker's lease would run its job twice, so the reconciler does not trust a moment in which it may have
/// been the one that stood still: when its sweeps were further apart than <see cref="ReconcilerOptions.GapMs"/>, when it
/// has just begun to lead, or when the store's clock and its own monotonic one disagree, it waits one lease before it
/// reaps again. The workers renew meanwhile.
/// </para>
/// </remarks>
public sealed class Reconciler : IAsyncDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "AutonomOS.Reconciler";

    private const int VisitsAtOnce = 16;
    private const int DueAtOnceMax = 200;
    private const int SuspectAgainMs = 1000;
    private const int VisitAgainMsMin = 50;

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Actions = Meter.CreateCounter<long>("autonomos.reconciler.actions", "{job}", "Leases reaped, jobs timed out, promoted, expired and dropped unarchived.");
    private static readonly Counter<long> RepairsMade = Meter.CreateCounter<long>("autonomos.reconciler.repairs", "{repair}", "Repairs of what interrupted scripts or lost messages left; 0 in a healthy system.");

    private readonly StoreConnection _connection;
    private readonly ScriptCatalog _scripts;
    private readonly ReconcilerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<Reconciler> _logger;
    private readonly ReadyIndex _index;
    private readonly TenantSweep _sweep;
    private readonly string _token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly TenantSchedule _archive;
    private readonly TenantSchedule _tenants;
    private readonly ConcurrentDictionary<TenantId, bool> _gone = new();
    private readonly Lock _lock = new();
    private SweepReport _total = new();
    private long _lastSweep;
    private long _lastStoreMs;
    private long _graceFrom;
    private bool _leads;

    /// <summary>Made over a connection, which stays the caller's to dispose of.</summary>
    /// <param name="connection">To the store; better not the one that serves requests.</param>
    /// <param name="options">How to work.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Told of every repair.</param>
    /// <param name="scripts">The scripts; those shipped unless a test says otherwise.</param>
    public Reconciler(StoreConnection connection, ReconcilerOptions options, TimeProvider time, ILogger<Reconciler> logger, ScriptCatalog? scripts = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _connection = connection;
        _scripts = scripts ?? ScriptCatalog.Shipped;
        _options = options with { AuditIntervalMs = Math.Min(options.AuditIntervalMs, options.LeaseMs / 2) };
        _time = time;
        _logger = logger;
        var tenants = new TenantScripts(connection, _scripts);
        _index = new ReadyIndex(tenants, _scripts, time, logger);
        _sweep = new TenantSweep(tenants, _index, _options);
        _tenants = new TenantSchedule(connection, _scripts, StoreKeys.Tenants);
        _archive = new TenantSchedule(connection, _scripts, StoreKeys.Archive);
    }

    /// <summary>What was done since the start. A snapshot.</summary>
    public SweepReport Total
    {
        get
        {
            lock (_lock)
            {
                return _total;
            }
        }
    }

    /// <summary>Whether this instance leads now, as far as it knows.</summary>
    public bool Leads => Volatile.Read(ref _leads);

    /// <summary>Reconciles until cancelled; then gives the leadership up. Never throws for an absent store: it tries again.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var pause = _options.TickMs;
                try
                {
                    if (!await LeadAsync(cancellation))
                    {
                        pause = _options.LeadershipMs / 3;
                    }
                    else
                    {
                        await SweepDueAsync(cancellation);
                    }
                }
                catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException)
                {
                    _logger.LogDebug("The reconciler could not reach the store: {Why}", error.Message);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(pause), _time, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await ResignAsync();
        }
    }

    /// <summary>Visits every tenant once, due or not, without leading: for tests and for an operator who wants it now.</summary>
    /// <param name="reap">Whether to take lapsed leases back.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<SweepReport> SweepAllAsync(bool reap, CancellationToken cancellation = default)
    {
        var all = await _connection.RunAsync(db => db.SortedSetRangeByRankAsync(StoreKeys.Tenants), write: false, cancellation);
        return await VisitAllAsync(all, reap, cancellation);
    }

    /// <summary>Stops carrying notes.</summary>
    public ValueTask DisposeAsync() => _index.DisposeAsync();

    private async Task<bool> LeadAsync(CancellationToken cancellation)
    {
        var leads = (long)await _connection.EvaluateAsync(
            _scripts["lead"], [StoreKeys.Leader], [_token, _options.LeadershipMs], write: true, cancellation) == 1;
        Volatile.Write(ref _leads, leads);
        if (!leads)
        {
            _lastSweep = 0;
        }

        return leads;
    }

    private async Task ResignAsync()
    {
        Volatile.Write(ref _leads, false);
        try
        {
            await _connection.EvaluateAsync(_scripts["resign"], [StoreKeys.Leader], [_token], write: true, CancellationToken.None);
        }
        catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException)
        {
            _logger.LogDebug("The reconciler's leadership is left to lapse: {Why}", error.Message);
        }
    }

    private async Task SweepDueAsync(CancellationToken cancellation)
    {
        var reap = MayReap();
        while (true)
        {
            var due = await _tenants.TakeAsync(_options.AuditIntervalMs, DueAtOnceMax, cancellation);
            await VisitAllAsync(due, reap, cancellation);
            if (due.Length < DueAtOnceMax)
            {
                return;
            }
        }
    }

    /// <summary>Whether this moment can be trusted enough to take a lease from a worker.</summary>
    private bool MayReap()
    {
        var now = _time.GetTimestamp();
        var storeMs = _connection.NowMs;
        if (_lastSweep == 0)
        {
            _graceFrom = now;
        }
        else
        {
            var gap = _time.GetElapsedTime(_lastSweep, now).TotalMilliseconds;
            if (gap > _options.GapMs || Math.Abs(storeMs - _lastStoreMs - gap) > _options.ClockStepMs)
            {
                _graceFrom = now;
                _logger.LogInformation("The reconciler waits {LeaseMs} ms before it reaps: its sweeps were {GapMs:F0} ms apart, the store's clock moved {StoreMs} ms.", _options.LeaseMs, gap, storeMs - _lastStoreMs);
            }
        }

        (_lastSweep, _lastStoreMs) = (now, storeMs);
        return _time.GetElapsedTime(_graceFrom, now).TotalMilliseconds >= _options.LeaseMs;
    }

    private async Task<SweepReport> VisitAllAsync(RedisValue[] tenants, bool reap, CancellationToken cancellation)
    {
        var reports = new ConcurrentBag<SweepReport>();
        await Parallel.ForEachAsync(
            tenants,
            new ParallelOptions { MaxDegreeOfParallelism = VisitsAtOnce, CancellationToken = cancellation },
            async (name, ct) =>
            {
                if (!TenantId.TryParse(name, out var tenant))
                {
                    _logger.LogWarning("The list of tenants in the store holds an entry that is no tenant id; it is left alone.");
                    return;
                }

                reports.Add(await VisitAsync(tenant, reap, ct));
            });
        return reports.Aggregate(new SweepReport(), SweepReport.Add);
    }

    private async Task<SweepReport> VisitAsync(TenantId tenant, bool reap, CancellationToken cancellation)
    {
        var visit = await _sweep.VisitAsync(tenant, reap, cancellation);
        if (visit.Gone)
        {
            await DropAsync(tenant, cancellation);
            return visit.Report;
        }

        _gone.TryRemove(tenant, out _);
        var now = _connection.NowMs;
        var next = visit.NextMs == 0 ? long.MaxValue : Math.Max(visit.NextMs, now + VisitAgainMsMin);
        if (visit.Suspicious)
        {
            next = Math.Min(next, now + SuspectAgainMs);
        }

        if (next < now + _options.AuditIntervalMs)
        {
            await _tenants.BringForwardAsync(tenant, next, cancellation);
        }

        if (visit.Archivable)
        {
            await _archive.BringForwardAsync(tenant, now, cancellation);
        }

        Record(tenant, visit.Report);
        return visit.Report;
    }

    /// <summary>A tenant that is gone leaves the schedule, at the second visit that does not find it: the first may have come between the schedule and the tenant while it was made.</summary>
    private async Task DropAsync(TenantId tenant, CancellationToken cancellation)
    {
        if (!_gone.TryAdd(tenant, true))
        {
            await _tenants.RemoveAsync(tenant, cancellation);
            _gone.TryRemove(tenant, out _);
        }
    }

    private void Record(TenantId tenant, SweepReport report)
    {
        lock (_lock)
        {
            _total += report;
        }

        Count(Actions, "reaped", report.Reaped);
        Count(Actions, "poisoned", report.Poisoned);
        Count(Actions, "timed_out", report.TimedOut);
        Count(Actions, "promoted", report.Promoted);
        Count(Actions, "expired", report.Expired);
        Count(Actions, "overflowed", report.Overflowed);
        if (report.Overflowed > 0)
        {
            _logger.LogWarning(
                "Tenant {Tenant}: {Overflowed} finished jobs were dropped unarchived, for more than {OutboxMax} wait for the records. Nothing else is affected.",
                tenant, report.Overflowed, _options.Finished.OutboxMax);
        }

        Count(RepairsMade, "slot_given_back", report.SlotsGivenBack);
        Count(RepairsMade, "leftover_dropped", report.LeftoversDropped);
        Count(RepairsMade, "entry_without_job", report.EntriesWithoutJob);
        Count(RepairsMade, "job_put_back", report.JobsPutBack);
        Count(RepairsMade, "mark_not_told", report.MarksNotTold);
        Count(RepairsMade, "reindexed", report.Reindexed);
        if (report.Repairs > 0)
        {
            _logger.LogWarning(
                "Repaired tenant {Tenant}: {Slots} slots given back, {Leftovers} leftovers dropped, {Strays} entries without a job, {Lost} jobs put back, {Marks} marks told, {Reindexed} re-indexed.",
                tenant, report.SlotsGivenBack, report.LeftoversDropped, report.EntriesWithoutJob, report.JobsPutBack, report.MarksNotTold, report.Reindexed);
        }

        if (report.Reaped > 0 || report.TimedOut > 0)
        {
            _logger.LogInformation("Tenant {Tenant}: {Reaped} lapsed leases taken back, {TimedOut} jobs timed out.", tenant, report.Reaped, report.TimedOut);
        }
    }

    private static void Count(Counter<long> counter, string kind, long n)
    {
        if (n > 0)
        {
            counter.Add(n, new KeyValuePair<string, object?>("kind", kind));
        }
    }
}
