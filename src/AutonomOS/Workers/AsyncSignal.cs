namespace AutonomOS.Workers;

/// <summary>
/// Something that one loop waits for and anyone may set. Set stays set until it is reset or waited for, so a loop that
/// resets, looks, and only then waits misses nothing that happened after its look. Thread-safe; one waiter at a time.
/// </summary>
internal sealed class AsyncSignal(TimeProvider time)
{
    private readonly Lock _gate = new();
    private bool _set;
    private TaskCompletionSource? _waiter;

    public void Set()
    {
        lock (_gate)
        {
            // Continuations run elsewhere (see the option below), so completing under the lock runs nobody's code.
            _set = _waiter?.TrySetResult() is not true;
            _waiter = null;
        }
    }

    public void Reset()
    {
        lock (_gate)
        {
            _set = false;
        }
    }

    /// <summary>Waits until set, for at most <paramref name="bound"/>.</summary>
    /// <returns>True when it was set; false when the bound passed or <paramref name="cancellation"/> was cancelled.</returns>
    public async Task<bool> WaitAsync(TimeSpan bound, CancellationToken cancellation)
    {
        TaskCompletionSource waiter;
        lock (_gate)
        {
            if (_set)
            {
                _set = false;
                return true;
            }

            waiter = _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(waiter.Task, Task.Delay(bound, time, timer.Token));
        await timer.CancelAsync();
        lock (_gate)
        {
            if (waiter.Task.IsCompleted)
            {
                return true;
            }

            _waiter = null;
            return false;
        }
    }
}
