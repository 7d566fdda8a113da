using Microsoft.Extensions.Hosting;

namespace AutonomOS.Records;

/// <summary>Removes entries of the audit log that are past their retention. Any number of processes may do so at once.</summary>
internal sealed class AuditPruner(AuditLog audit, TimeProvider time) : BackgroundService
{
    /// <summary>How often it looks, in milliseconds. Entries are kept for more than a year: an hour late does no harm.</summary>
    private const int LookMs = 3600 * 1000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await audit.PruneAsync(time.GetUtcNow(), AuditLog.PruneMax, stoppingToken) == AuditLog.PruneMax)
                {
                    // More is left. Each slice is a transaction of its own, so that acts get their turn in between.
                }
            }
            catch (RecordsUnavailableException)
            {
                // Others say that the records are away; the next look makes up for this one.
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(LookMs), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
