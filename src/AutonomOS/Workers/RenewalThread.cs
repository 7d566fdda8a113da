// Why renewals have a thread and a connection of their own, and block.
//
// A lease is short, so that the jobs of a killed worker run elsewhere soon. The price is that a healthy worker must never
// miss its renewals, whatever its handlers do. The usual way to miss them is the thread pool: handlers that block
// (`.Result`, a synchronous driver, a long computation) take all of its threads, and a timer, a continuation, or the
// answer to an asynchronous call then waits for a thread that does not come, while every lease of the process runs out.
// So nothing here needs the pool:
//  - the loop is a thread;
//  - its calls block it (StoreOptions.Blocking): the timeout is the wait itself, no timer, and the answer wakes this very
//    thread, no continuation;
//  - the client library reads and writes its sockets from threads of its own (its DedicatedThreads switch, set in
//    WorkerStores; it is one for the whole process);
//  - the connection is its own, so no large result is ahead of a renewal in the socket.
// What stays with the pool is connecting again after a connection was lost.
//
// A blocked call must not keep anybody from being fenced, so self-fencing is another thread (SelfFenceThread), which
// only looks at a clock.
//
// How long a lease surely lasts. The store sets the expiry when it runs the claim or renewal, which is after it was
// sent; so the lease reaches at least LeaseMs beyond the moment of sending, whenever the answer comes. That moment, and
// never that of the answer, is what SentAt keeps.
//
// What is sent says until when it may extend the lease (NotAfter). As long as no answer comes the same limit is
// repeated: if only the way back is cut, this worker fences itself while its requests still arrive, and repeating a
// moving limit would keep the slot of a job that nobody runs for ever. With a fixed one it ends one lease after the
// first unanswered renewal. An answer to any of the repeats acknowledges the limit, counted from the first sending.
//
// One call carries the leases of one tenant, as a script does anyway. A tenant whose shard hangs costs one deadline; a
// round ends when its time is up, and the next begins with those that waited longest for a try, so it cannot starve the
// others.

using AutonomOS.Storage;
using AutonomOS.Tenants;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>Renews the leases of everything that runs, until stopped.</summary>
internal sealed class RenewalThread : IDisposable
{
    private readonly IWorkStore _store;
    private readonly RunningAttempts _running;
    private readonly WorkerOptions _options;
    private readonly WorkerMetrics _metrics;
    private readonly Jitter _jitter;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Dictionary<TenantId, long> _triedAt = [];

    /// <param name="store">A store whose calls block; nobody else uses it.</param>
    /// <param name="running">What runs.</param>
    /// <param name="options">Lease and period.</param>
    /// <param name="metrics">Counts failed calls.</param>
    /// <param name="jitter">For the pause after a failure.</param>
    /// <param name="time">A monotonic clock.</param>
    /// <param name="logger">Told when renewals begin to fail and when they work again.</param>
    public RenewalThread(IWorkStore store, RunningAttempts running, WorkerOptions options, WorkerMetrics metrics, Jitter jitter, TimeProvider time, ILogger logger)
    {
        _store = store;
        _running = running;
        _options = options;
        _metrics = metrics;
        _jitter = jitter;
        _time = time;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "autonomos-renew", Priority = ThreadPriority.AboveNormal };
    }

    public void Start() => _thread.Start();

    /// <summary>Ends the thread, waiting for a call under way.</summary>
    public void Dispose()
    {
        _stop.Set();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted) || _thread.Join(TimeSpan.FromSeconds(15)))
        {
            _stop.Dispose();
        }
    }

    private void Run()
    {
        var failing = false;
        do
        {
            var began = _time.GetTimestamp();
            var failed = RenewAll(began);
            if (failed != failing)
            {
                failing = failed;
                if (failed)
                {
                    _logger.LogWarning("Leases could not be renewed; trying on. Attempts are cancelled {Margin} ms before theirs would lapse.", _options.SelfFenceMarginMs);
                }
                else
                {
                    _logger.LogInformation("Leases are renewed again.");
                }
            }

            var period = TimeSpan.FromMilliseconds(_options.RenewEveryMs);
            var pause = failed ? _jitter.Pause(Math.Max(10, Math.Min(250, _options.RenewEveryMs / 4))) : period - _time.GetElapsedTime(began);
            if (_stop.Wait(pause > TimeSpan.Zero ? pause : TimeSpan.Zero))
            {
                return;
            }
        }
        while (!_stop.IsSet);
    }

    /// <returns>Whether a call failed or the round ended before its end.</returns>
    private bool RenewAll(long began)
    {
        var tenants = _running.All
            .Where(attempt => attempt.Reason != StopReason.LeaseLost)
            .GroupBy(attempt => attempt.Job.Tenant)
            .OrderBy(group => _triedAt.GetValueOrDefault(group.Key))
            .ToList();
        Forget(tenants);
        var budget = TimeSpan.FromMilliseconds(_options.RenewEveryMs / 2.0);
        var failed = false;
        foreach (var tenant in tenants)
        {
            if (_stop.IsSet)
            {
                return failed;
            }

            if (failed && _time.GetElapsedTime(began) > budget)
            {
                return true;
            }

            _triedAt[tenant.Key] = _time.GetTimestamp();
            failed |= !TryRenew([.. tenant]);
        }

        return failed;
    }

    private void Forget(List<IGrouping<TenantId, RunningAttempt>> present)
    {
        if (_triedAt.Count > 2 * present.Count)
        {
            var keep = present.Select(group => group.Key).ToHashSet();
            foreach (var gone in _triedAt.Keys.Where(tenant => !keep.Contains(tenant)).ToList())
            {
                _triedAt.Remove(gone);
            }
        }
    }

    private bool TryRenew(RunningAttempt[] attempts)
    {
        var now = _time.GetTimestamp();
        var notAfter = _store.StoreNowMs + _options.LeaseMs;
        var renewals = new Renewal[attempts.Length];
        for (var i = 0; i < attempts.Length; i++)
        {
            var pending = attempts[i].Pending ??= (notAfter, now);
            renewals[i] = new Renewal(attempts[i].Key, pending.NotAfter);
        }

        try
        {
            var results = _store.RenewAsync(renewals, _options.LeaseMs).GetAwaiter().GetResult();
            for (var i = 0; i < attempts.Length; i++)
            {
                Take(attempts[i], results[i]);
            }

            return true;
        }
        catch (Exception e) when (StoreFailure.Is(e))
        {
            _metrics.StoreError();
            return false;
        }
        catch (Exception e)
        {
            _logger.LogError(e, "Renewing {Count} leases of tenant {Tenant} failed for a reason that is no outage.", attempts.Length, attempts[0].Job.Tenant);
            return false;
        }
    }

    private void Take(RunningAttempt attempt, RenewResult result)
    {
        if (attempt.Pending is { } sent)
        {
            attempt.SentAt = sent.FirstSentAt;
            attempt.Pending = null;
        }

        switch (result)
        {
            case RenewResult.Lost when attempt.Stop(StopReason.LeaseLost):
                _logger.LogWarning("The lease of job {Job} of tenant {Tenant} is lost; its handler is cancelled.", attempt.Job.Id, attempt.Job.Tenant);
                break;
            case RenewResult.KeptCancelRequested:
                attempt.Stop(StopReason.TenantCancelled);
                break;
        }
    }
}
