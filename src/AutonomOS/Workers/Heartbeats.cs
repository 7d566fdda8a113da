using AutonomOS.Storage;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>Says every few seconds that the worker lives, for display; a heartbeat never frees or keeps a slot.</summary>
internal sealed class Heartbeats(IWorkStore store, string workerId, RunningAttempts running, WorkerOptions options, TimeProvider time, ILogger logger)
{
    private readonly string _host = $"{Environment.MachineName} pid {Environment.ProcessId}";
    private readonly AsyncSignal _now = new(time);
    private volatile bool _draining;

    /// <summary>From now on the worker says that it is stopping; it says so at once.</summary>
    public void Draining()
    {
        _draining = true;
        _now.Set();
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await store.HeartbeatAsync(new WorkerHeartbeat(workerId, options.Pool, options.Slots, running.Count, _draining, _host, default), stopping);
            }
            catch (Exception e)
            {
                // The next one will do; nothing depends on it.
                logger.LogDebug("A heartbeat was not taken: {Why}", e.Message);
            }

            await _now.WaitAsync(TimeSpan.FromMilliseconds(options.HeartbeatEveryMs), stopping);
        }
    }
}
