// When a worker claims.
//
// There is one claim under way at most, for as many jobs as there are free slots, so a burst is taken in few calls
// without any delay made for it. In between the loop waits for one signal, which is set by everything that could make a
// claim worthwhile: a wake-up, the connection coming back, a slot becoming free, the writer having caught up.
//
// No wake-up is lost. The store puts the worker on the waiting list in the very script that found nothing, and a
// wake-up that arrives from then on, even before the answer to that claim, sets `_runnable`, which is cleared *before* a
// claim is sent and never after it. Should a message be lost on the way (delivery is at most once), the poll, of a second
// at most, looks again.
//
// No busy loop. After a claim that found nothing and was put on the list, nothing is claimed before a signal or the
// poll. A claim that found nothing and was not put on the list (others took what was picked) and one that failed are
// followed by a pause that doubles up to a second.
//
// A slot is free again when the outcome of its job is *acknowledged*, not when the handler returned. A claim sent before
// would overtake the settlement that makes the tenant's next job runnable, find nothing, and wait to be woken.

using AutonomOS.Storage;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>Claims jobs for the free slots and starts them, until cancelled.</summary>
internal sealed class ClaimLoop(
    IWorkStore store,
    string workerId,
    RunningAttempts running,
    HandlerStopper stopper,
    SettlementWriter writer,
    UnknownTypes unknown,
    AttemptRunner runner,
    WorkerOptions options,
    Jitter jitter,
    WorkerMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    private readonly AsyncSignal _signal = new(time);
    private readonly AsyncSignal _reconnected = new(time);
    private int _runnable = 1;
    private int _failures;
    private int _nothings;

    /// <summary>Something may be runnable.</summary>
    public void Wake()
    {
        Volatile.Write(ref _runnable, 1);
        _signal.Set();
    }

    /// <summary>The store is back: end a pause that an error caused.</summary>
    public void Reconnected()
    {
        _reconnected.Set();
        Wake();
    }

    /// <summary>Look whether a claim is possible now: a slot is free, or the writer has caught up.</summary>
    public void Look() => _signal.Set();

    public async Task RunAsync(CancellationToken stopping)
    {
        var generalLeft = false;
        while (!stopping.IsCancellationRequested)
        {
            // Reset, look, wait: what is set after the reset is seen by the look or ends the wait.
            _signal.Reset();
            var free = options.Slots - running.Count;
            var general = Math.Max(0, free - options.Reserve);
            var worthwhile = Volatile.Read(ref _runnable) != 0 || (generalLeft && general > 0);
            if (free <= 0 || !worthwhile || writer.IsBehind || unknown.IsFull)
            {
                if (!await _signal.WaitAsync(jitter.Pause(options.PollMs), stopping))
                {
                    Volatile.Write(ref _runnable, 1);
                }

                continue;
            }

            Volatile.Write(ref _runnable, 0);
            if (await ClaimAsync(general, free - general, stopping) is not { } claimed)
            {
                Volatile.Write(ref _runnable, 1);
                continue;
            }

            // With only reserved slots free, "nothing more" says nothing about tenants that run something already.
            generalLeft = claimed.Latched && general == 0;
            if (!claimed.Latched)
            {
                Volatile.Write(ref _runnable, 1);
                await PauseAfterNothingAsync(claimed.Jobs.Count, stopping);
            }
        }
    }

    private async Task<ClaimResult?> ClaimAsync(int general, int reserved, CancellationToken stopping)
    {
        try
        {
            // Not cancelled by a stop: what it claimed would be unknown here, and leased until it lapses.
            var sentAt = time.GetTimestamp();
            var claimed = await store.ClaimAsync(
                new ClaimRequest { Pool = options.Pool, WorkerId = workerId, Slots = general, ReserveSlots = reserved, LeaseMs = options.LeaseMs },
                CancellationToken.None);
            _failures = 0;
            metrics.Claimed(claimed.Jobs.Count);
            foreach (var job in claimed.Jobs)
            {
                Start(job, sentAt, stopping.IsCancellationRequested);
            }

            return claimed;
        }
        catch (Exception e)
        {
            if (StoreFailure.Is(e))
            {
                metrics.StoreError();
                if (_failures == 0)
                {
                    logger.LogWarning("A claim failed, trying on: {Why}", e.Message);
                }
            }
            else
            {
                logger.LogError(e, "A claim failed for a reason that is no outage; trying on.");
            }

            _failures++;
            _reconnected.Reset();
            await _reconnected.WaitAsync(jitter.PauseAfter(_failures), stopping);
            return null;
        }
    }

    private void Start(LeasedJob job, long sentAt, bool stopping)
    {
        if (!options.Handlers.ContainsKey(job.Type))
        {
            unknown.Keep(job);
            return;
        }

        var attempt = new RunningAttempt(job, sentAt, stopper);
        running.Add(attempt);
        if (stopping)
        {
            attempt.Stop(StopReason.Draining);
        }

        runner.Start(attempt);
    }

    private async Task PauseAfterNothingAsync(int jobs, CancellationToken stopping)
    {
        if (jobs > 0)
        {
            _nothings = 0;
            return;
        }

        // The first time it is likely that others were faster and there is more.
        if (++_nothings > 1)
        {
            await Task.Delay(jitter.PauseAfter(Math.Min(_nothings - 2, 6)), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
