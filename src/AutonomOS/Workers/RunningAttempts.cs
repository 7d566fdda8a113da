using System.Collections.Concurrent;
using AutonomOS.Jobs;
using AutonomOS.Tenants;

namespace AutonomOS.Workers;

/// <summary>The attempts that take a slot of this worker. Thread-safe.</summary>
internal sealed class RunningAttempts(TimeProvider time)
{
    private readonly ConcurrentDictionary<LeaseKey, RunningAttempt> _attempts = new();
    private readonly AsyncSignal _removed = new(time);
    private int _count;

    /// <summary>Raised after a slot became free.</summary>
    public event Action? SlotFreed;

    /// <summary>Slots taken.</summary>
    public int Count => Volatile.Read(ref _count);

    public IEnumerable<RunningAttempt> All => _attempts.Select(entry => entry.Value);

    /// <summary>Takes a slot.</summary>
    /// <exception cref="InvalidOperationException">The store handed out the same fence twice.</exception>
    public void Add(RunningAttempt attempt)
    {
        if (!_attempts.TryAdd(attempt.Key, attempt))
        {
            throw new InvalidOperationException($"The store handed out the fence of job {attempt.Job.Id} twice.");
        }

        Interlocked.Increment(ref _count);
    }

    public void Remove(RunningAttempt attempt)
    {
        if (_attempts.TryRemove(attempt.Key, out _))
        {
            Interlocked.Decrement(ref _count);
            _removed.Set();
            SlotFreed?.Invoke();
        }
    }

    /// <summary>Tells every attempt of a job to stop.</summary>
    public void Stop(TenantId tenant, JobId job, StopReason reason)
    {
        foreach (var attempt in All)
        {
            if (attempt.Job.Tenant == tenant && attempt.Job.Id == job)
            {
                attempt.Stop(reason);
            }
        }
    }

    public void StopAll(StopReason reason)
    {
        foreach (var attempt in All)
        {
            attempt.Stop(reason);
        }
    }

    /// <summary>Waits until nothing runs; one waiter at a time.</summary>
    /// <returns>False when the bound passed or the wait was cancelled first.</returns>
    public async Task<bool> WaitUntilNoneAsync(TimeSpan bound, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (Count > 0)
        {
            var left = bound - time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero || cancellation.IsCancellationRequested)
            {
                return false;
            }

            await _removed.WaitAsync(left, cancellation);
        }

        return true;
    }
}
