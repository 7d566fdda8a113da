// How outcomes reach the store.
//
// Every attempt ends in one write: a settlement or a hand-back. They come from many handlers at once, and a call costs a
// round trip, so one writer takes whatever is ready and sends it in one call. There is no timer: while a call is under
// way the next batch gathers by itself, so a lone outcome leaves at once and a burst leaves in a few calls.
//
// A call that got no answer is repeated with the same fences until each is acknowledged or refused as stale. That is
// safe: the store answers a repeated settlement of the winning fence with "done", and any other with "stale". While
// anything waits to be repeated the writer is *behind* and the worker claims nothing: what is finished is written first.
//
// An error that is no outage (a fault in a script, say) may be the doing of one outcome, which must not hold up those
// of other tenants: the batch is then sent one by one, and an outcome that fails so OwnFaultsMax times is given up. Its
// lease is no longer renewed, lapses, and the job runs again: at least once, as promised.

using System.Threading.Channels;
using AutonomOS.Storage;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>What became of an outcome.</summary>
internal enum WriteResult
{
    Done,
    Stale,
    GivenUp,
}

/// <summary>Writes settlements and hand-backs in batches of whatever is ready, each until it is acknowledged. Thread-safe.</summary>
internal sealed class SettlementWriter(IWorkStore store, Jitter jitter, WorkerMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>Outcomes in one call.</summary>
    public const int BatchMax = 200;

    /// <summary>Result bytes in one call, unless a single result is larger.</summary>
    public const long BatchBytesMax = 4 * 1024 * 1024;

    /// <summary>Errors of its own after which an outcome is given up.</summary>
    public const int OwnFaultsMax = 10;

    private readonly Channel<Outcome> _outcomes = Channel.CreateUnbounded<Outcome>(new UnboundedChannelOptions { SingleReader = true });
    private readonly AsyncSignal _retryNow = new(time);
    private int _behind;

    /// <summary>True while outcomes wait to be repeated.</summary>
    public bool IsBehind => Volatile.Read(ref _behind) != 0;

    /// <summary>Raised when the writer has caught up.</summary>
    public event Action? CaughtUp;

    /// <summary>Writes an outcome; ends when it is acknowledged, refused or given up.</summary>
    public Task<WriteResult> SettleAsync(Settlement settlement) => EnqueueAsync(new Outcome(settlement, settlement.Lease));

    /// <summary>Hands a lease back; ends when it is acknowledged, refused or given up.</summary>
    public Task<WriteResult> HandBackAsync(LeaseKey lease) => EnqueueAsync(new Outcome(null, lease));

    /// <summary>The store is back: repeat at once.</summary>
    public void RetryNow() => _retryNow.Set();

    /// <summary>Takes nothing more; <see cref="RunAsync"/> ends once what is there is written.</summary>
    public void Complete() => _outcomes.Writer.TryComplete();

    /// <summary>Writes until completed and empty, or cancelled; what is left then is given up.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var waiting = new List<Outcome>();
        var failures = 0;
        while (!cancellation.IsCancellationRequested)
        {
            if (waiting.Count == 0 && !await SomethingIsThereAsync(cancellation))
            {
                break;
            }

            while (_outcomes.Reader.TryRead(out var outcome))
            {
                waiting.Add(outcome);
            }

            var batch = TakeBatch(waiting);
            var retry = await SendAsync(batch);
            waiting.InsertRange(0, retry);
            if (retry.Count == 0)
            {
                failures = 0;
                if (Interlocked.Exchange(ref _behind, 0) != 0)
                {
                    CaughtUp?.Invoke();
                }

                continue;
            }

            failures++;
            Volatile.Write(ref _behind, 1);
            await _retryNow.WaitAsync(jitter.PauseAfter(failures), cancellation);
        }

        _outcomes.Writer.TryComplete();
        while (_outcomes.Reader.TryRead(out var outcome))
        {
            waiting.Add(outcome);
        }

        foreach (var outcome in waiting)
        {
            outcome.Written.TrySetResult(WriteResult.GivenUp);
        }
    }

    private static List<Outcome> TakeBatch(List<Outcome> waiting)
    {
        var count = 0;
        var bytes = 0L;
        while (count < waiting.Count && count < BatchMax)
        {
            bytes += waiting[count].Bytes;
            if (count > 0 && bytes > BatchBytesMax)
            {
                break;
            }

            count++;
        }

        var batch = waiting.GetRange(0, count);
        waiting.RemoveRange(0, count);
        return batch;
    }

    private async Task<bool> SomethingIsThereAsync(CancellationToken cancellation)
    {
        try
        {
            return await _outcomes.Reader.WaitToReadAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<WriteResult> EnqueueAsync(Outcome outcome) =>
        _outcomes.Writer.TryWrite(outcome) ? await outcome.Written.Task : WriteResult.GivenUp;

    /// <returns>What has to be sent again.</returns>
    private async Task<List<Outcome>> SendAsync(List<Outcome> batch)
    {
        var settlements = batch.FindAll(outcome => outcome.Settlement is not null);
        var handBacks = batch.FindAll(outcome => outcome.Settlement is null);
        var retries = await Task.WhenAll(SendKindAsync(settlements, Settle), SendKindAsync(handBacks, HandBack));
        return [.. retries[0], .. retries[1]];

        Task<IReadOnlyList<TransitionResult>> Settle(List<Outcome> some) => store.SettleAsync(some.ConvertAll(outcome => outcome.Settlement!));

        Task<IReadOnlyList<TransitionResult>> HandBack(List<Outcome> some) => store.HandBackAsync(some.ConvertAll(outcome => outcome.Lease));
    }

    private async Task<List<Outcome>> SendKindAsync(List<Outcome> outcomes, Func<List<Outcome>, Task<IReadOnlyList<TransitionResult>>> send)
    {
        if (outcomes.Count == 0)
        {
            return [];
        }

        try
        {
            var results = await send(outcomes);
            for (var i = 0; i < outcomes.Count; i++)
            {
                outcomes[i].Written.TrySetResult(results[i] == TransitionResult.Done ? WriteResult.Done : WriteResult.Stale);
            }

            return [];
        }
        catch (Exception e) when (StoreFailure.Is(e))
        {
            metrics.StoreError();
            return outcomes;
        }
        catch (Exception e) when (outcomes.Count > 1)
        {
            logger.LogError(e, "Writing {Count} outcomes failed for a reason that is no outage; trying them one by one.", outcomes.Count);
            var retry = new List<Outcome>();
            foreach (var outcome in outcomes)
            {
                retry.AddRange(await SendKindAsync([outcome], send));
            }

            return retry;
        }
        catch (Exception e)
        {
            var outcome = outcomes[0];
            if (++outcome.OwnFaults < OwnFaultsMax)
            {
                return outcomes;
            }

            logger.LogError(e, "The outcome of job {Job} could not be written in {Tries} tries and is given up; its lease lapses and the job runs again.", outcome.Lease.Id, OwnFaultsMax);
            outcome.Written.TrySetResult(WriteResult.GivenUp);
            return [];
        }
    }

    private sealed class Outcome(Settlement? settlement, LeaseKey lease)
    {
        public Settlement? Settlement => settlement;

        public LeaseKey Lease => lease;

        public long Bytes => settlement?.Result.Length ?? 0;

        public int OwnFaults { get; set; }

        public TaskCompletionSource<WriteResult> Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
