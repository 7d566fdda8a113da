using AutonomOS.Storage;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>
/// Sends one attempt's progress: the latest value, one call at a time, at most one per interval, and the last one before
/// the attempt settles. Thread-safe.
/// </summary>
internal sealed class ProgressReporter(IWorkStore store, RunningAttempt attempt, TimeSpan every, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _hurry = new();
    private int _percent = -1;
    private string? _message;
    private bool _unsent;
    private bool _closed;
    private Task? _sender;

    public void Report(int percent, string? message)
    {
        lock (_gate)
        {
            if (_closed || percent < _percent)
            {
                return;
            }

            _percent = percent;
            _message = message;
            _unsent = true;
            _sender ??= Task.Run(SendAsync);
        }
    }

    /// <summary>Takes no more values and sends the last one, unless the store is away. Bounded by the store's deadline.</summary>
    public async Task FlushAsync()
    {
        Task? sender;
        lock (_gate)
        {
            _closed = true;
            sender = _sender;
        }

        if (sender is not null)
        {
            await _hurry.CancelAsync();
            await sender;
        }
    }

    public void Dispose() => _hurry.Dispose();

    private async Task SendAsync()
    {
        while (true)
        {
            int percent;
            string? message;
            lock (_gate)
            {
                if (!_unsent)
                {
                    _sender = null;
                    return;
                }

                (percent, message) = (_percent, _message);
                _unsent = false;
            }

            try
            {
                if (await store.ReportProgressAsync(attempt.Key, percent, message) == TransitionResult.Stale)
                {
                    attempt.Stop(StopReason.LeaseLost);
                }
            }
            catch (Exception e)
            {
                // A courtesy that failed, for whatever reason. The attempt's outcome is what must arrive.
                logger.LogDebug("Progress of job {Job} was not taken: {Why}", attempt.Job.Id, e.Message);
            }

            await Task.Delay(every, time, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
