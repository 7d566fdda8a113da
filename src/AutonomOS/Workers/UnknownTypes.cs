// A job whose type this worker does not know.
//
// It is not the job's fault (a rolling deployment has workers of two generations in one pool), so it is handed back at
// no cost for another worker to take. Handed back at once it would be claimed again at once, by the same worker, for
// ever. So it is kept for a moment first: up to a second, a quarter of the lease at most.
//
// Types are chosen by tenants, so this path must not be a way to hurt a neighbour:
//  - a kept job takes none of the worker's slots; it holds a slot of its own tenant, so a tenant that submits nonsense
//    fills its own limit and is then not runnable, and the others' jobs are claimed meanwhile;
//  - at most KeptMax are kept; beyond that the worker stops claiming until some are back (a second at most);
//  - the log names a type once, and at most NamedMax types; the metric has no type in it.
// Within the tenant itself its order stands: unknown jobs that fill its limit are ahead of its known ones.

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>Keeps jobs of unknown type for a moment and hands them back. Thread-safe.</summary>
internal sealed class UnknownTypes(SettlementWriter writer, WorkerOptions options, Jitter jitter, WorkerMetrics metrics, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>Jobs kept at once before the worker stops claiming.</summary>
    public const int KeptMax = 1000;

    /// <summary>Types named in the log.</summary>
    public const int NamedMax = 100;

    /// <summary>The longest a job is kept, in milliseconds.</summary>
    public const int KeepMsMax = 1000;

    private readonly ConcurrentDictionary<string, bool> _named = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Task, bool> _keeping = new();
    private readonly CancellationTokenSource _letGo = new();
    private int _kept;

    /// <summary>Raised after a job was handed back.</summary>
    public event Action? Returned;

    public bool IsFull => Volatile.Read(ref _kept) >= KeptMax;

    /// <summary>Takes a job of unknown type.</summary>
    public void Keep(LeasedJob job)
    {
        metrics.UnknownType();
        if (_named.Count < NamedMax && _named.TryAdd(job.Type, true))
        {
            logger.LogWarning("This worker of pool {Pool} has no handler for jobs of type {Type}; it hands them back. Submit them to a pool whose workers know the type.", job.Pool, job.Type);
        }

        Interlocked.Increment(ref _kept);
        var keeping = KeepAsync(LeaseKey.Of(job));
        _keeping.TryAdd(keeping, true);
        _ = keeping.ContinueWith(done => _keeping.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Hands everything back now, and ends when that is done or the bound has passed.</summary>
    public async Task LetGoAsync(TimeSpan bound)
    {
        await _letGo.CancelAsync();
        using var enough = new CancellationTokenSource(bound, time);
        await Task.WhenAll(_keeping.Keys).WaitAsync(enough.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _letGo.Dispose();

    private async Task KeepAsync(LeaseKey lease)
    {
        var keep = jitter.Pause(Math.Min(KeepMsMax, options.LeaseMs / 4));
        await Task.Delay(keep, time, _letGo.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (await writer.HandBackAsync(lease) == WriteResult.Done)
        {
            metrics.HandedBack();
        }

        Interlocked.Decrement(ref _kept);
        Returned?.Invoke();
    }
}
