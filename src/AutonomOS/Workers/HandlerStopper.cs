using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>
/// Cancels handlers' tokens from threads of its own. Cancelling runs whatever a handler registered on its token, so it
/// may not happen on the renewal thread (a callback that blocks would cost every other job its lease), and it may not
/// wait for the thread pool (handlers that starve it are the ones that most need to be stopped).
/// </summary>
/// <remarks>Threads are started as needed, up to <see cref="ThreadsMax"/>, and end when there is nothing left to cancel.</remarks>
internal sealed class HandlerStopper(ILogger logger)
{
    /// <summary>Callbacks that may block at once before further cancellations wait for them.</summary>
    public const int ThreadsMax = 8;

    private readonly Lock _gate = new();
    private readonly Queue<CancellationTokenSource> _waiting = new();
    private int _threads;

    public void Stop(CancellationTokenSource source)
    {
        lock (_gate)
        {
            _waiting.Enqueue(source);
            if (_threads >= ThreadsMax)
            {
                return;
            }

            _threads++;
        }

        new Thread(Run) { IsBackground = true, Name = "autonomos-stop" }.Start();
    }

    private void Run()
    {
        while (true)
        {
            CancellationTokenSource? source;
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out source))
                {
                    _threads--;
                    return;
                }
            }

            try
            {
                source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The handler ended by itself in the meantime.
            }
            catch (AggregateException e)
            {
                logger.LogWarning(e, "A callback that a handler registered on its cancellation token threw.");
            }
        }
    }
}
