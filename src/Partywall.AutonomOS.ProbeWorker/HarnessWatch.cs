using Microsoft.Extensions.Hosting;
using Partywall.Witness;

namespace Partywall.AutonomOS.ProbeWorker;

/// <summary>
/// Ends the process when there is no harness any more to work for: its witness is gone, or the pipe it held to this
/// process's standard input is closed. Both happen by themselves when the harness dies, however it dies.
/// </summary>
/// <param name="witness">The connection to the witness.</param>
/// <param name="lifetime">Ends the process.</param>
internal sealed class HarnessWatch(WitnessClient witness, IHostApplicationLifetime lifetime) : BackgroundService
{
    /// <summary>The process ends at the latest this long after the harness has gone, in milliseconds.</summary>
    public const int EndMsMax = 6_000;

    /// <summary>The exit code of a process whose drain did not end in time.</summary>
    public const int AbandonedExitCode = 75;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var lost = witness.Lost.Register(() => gone.TrySetResult());
        using var stopping = stoppingToken.Register(() => gone.TrySetResult());

        // A read of the standard input cannot be cancelled, so it gets a thread that does not hold the process up.
        var reading = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            Span<byte> ignored = stackalloc byte[256];
            while (input.Read(ignored) > 0)
            {
            }

            gone.TrySetResult();
        });
        reading.IsBackground = true;
        reading.Name = "harness watch";
        reading.Start();
        await gone.Task;
        if (!stoppingToken.IsCancellationRequested)
        {
            // The drain has bounds of its own; this is for a process in which they do not hold.
            _ = new Timer(static _ => Environment.Exit(AbandonedExitCode), null, EndMsMax, Timeout.Infinite);
            lifetime.StopApplication();
        }
    }
}
