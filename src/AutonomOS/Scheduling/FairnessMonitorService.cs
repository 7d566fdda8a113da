using AutonomOS.Reconciliation;
using AutonomOS.Storage;
using Microsoft.Extensions.Hosting;

namespace AutonomOS.Scheduling;

/// <summary>Samples the fairness of every pool that has workers, from the process that leads the reconciliation.</summary>
internal sealed class FairnessMonitorService(FairnessMonitor monitor, StoreConnection connection, Reconciler reconciler, TimeProvider time) : BackgroundService
{
    /// <summary>Milliseconds between two samples.</summary>
    internal const int SampleMs = 5000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var workers = new RedisJobStore(connection, time);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(SampleMs), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (reconciler.Leads)
                {
                    await SampleAllAsync(workers, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task SampleAllAsync(RedisJobStore workers, CancellationToken cancellation)
    {
        try
        {
            foreach (var pool in (await workers.WorkersAsync(cancellation)).GroupBy(w => w.Pool, StringComparer.Ordinal))
            {
                await monitor.SampleAsync(pool.Key, pool.Sum(w => w.Slots), cancellation);
            }
        }
        catch (StoreUnavailableException)
        {
            // The next sample looks again; the store's absence is told elsewhere.
        }
    }
}
