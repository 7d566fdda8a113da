using AutonomOS.Storage;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>Reads the worker's inbox and passes its signals on, until cancelled; opens it again should it close.</summary>
internal sealed class InboxLoop(
    IWorkStore store,
    string workerId,
    ClaimLoop claims,
    SettlementWriter writer,
    RunningAttempts running,
    WorkerOptions options,
    Jitter jitter,
    TimeProvider time,
    ILogger logger)
{
    public async Task RunAsync(CancellationToken stopping)
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var inbox = await store.OpenInboxAsync(workerId, options.Pool, stopping);
                failures = 0;

                // What was sent before the inbox was open went nowhere: look once.
                claims.Wake();
                await foreach (var signal in inbox.Signals.ReadAllAsync(stopping))
                {
                    Pass(signal);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (failures == 0 && !StoreFailure.Is(e))
                {
                    logger.LogError(e, "The worker's inbox failed; opening it again. Until then the worker polls.");
                }
            }

            await Task.Delay(jitter.PauseAfter(++failures), time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Pass(WorkerSignal signal)
    {
        switch (signal)
        {
            case WorkerSignal.Wake:
                claims.Wake();
                break;
            case WorkerSignal.Reconnected:
                // First what is finished, then new work: the claim loop waits while the writer is behind.
                writer.RetryNow();
                claims.Reconnected();
                break;
            case WorkerSignal.Cancel cancel:
                running.Stop(cancel.Tenant, cancel.Id, StopReason.TenantCancelled);
                break;
        }
    }
}
