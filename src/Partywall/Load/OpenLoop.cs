using Partywall.History;

namespace Partywall.Load;

/// <summary>
/// Sends a schedule's arrivals at their time, whether or not earlier ones have been answered. How far it fell behind
/// is in the history (sent − intended) and judged there.
/// </summary>
public static class OpenLoop
{
    /// <summary>What a timer can wait at least.</summary>
    private static readonly TimeSpan s_shortestWait = TimeSpan.FromMilliseconds(1);

    /// <summary>Runs a schedule to its end and waits for all answers.</summary>
    /// <param name="arrivals">The schedule, in the order of time.</param>
    /// <param name="clock">The run's clock.</param>
    /// <param name="send">Sends one arrival; is given its intended time in nanoseconds of the run. Runs on the thread pool.</param>
    /// <param name="cancellationToken">Stops sending.</param>
    public static async Task RunAsync(
        IReadOnlyList<Arrival> arrivals, RunClock clock, Func<Arrival, long, Task> send, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(arrivals);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(send);
        var sent = new List<Task>(arrivals.Count);
        var beginNs = clock.NowNs;
        try
        {
            foreach (var arrival in arrivals)
            {
                var intendedNs = beginNs + (long)(arrival.DueMs * 1_000_000);

                // A timer's clock is coarse and may be early by some milliseconds: look again, so that nothing is sent too early.
                while (TimeSpan.FromMicroseconds((intendedNs - clock.NowNs) / 1_000.0) is var left && left > TimeSpan.Zero)
                {
                    await Task.Delay(left < s_shortestWait ? s_shortestWait : left, cancellationToken);
                }

                cancellationToken.ThrowIfCancellationRequested();
                sent.Add(Task.Run(() => send(arrival, intendedNs), CancellationToken.None));
            }
        }
        finally
        {
            // Whatever ended the sending, nobody may still be talking to the target when this returns.
            await Task.WhenAll(sent).WaitAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(sent);
    }
}
