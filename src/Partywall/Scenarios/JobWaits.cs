using System.Diagnostics;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios;

/// <summary>Waits on jobs, each with a bound: by what the bodies say, and by what the system says.</summary>
internal static class JobWaits
{
    private const int PollMs = 10;

    /// <summary>
    /// Waits until each job accepted so far has had a body that stopped, or was cancelled before one ran.
    /// </summary>
    /// <returns>Whether that was so within the bound.</returns>
    internal static Task<bool> BodiesEndedAsync(this ScenarioRun run, TimeSpan bound, CancellationToken cancellationToken)
    {
        // A stack, so that each job is looked at once after it has ended and not again at every event.
        var open = new Stack<(RecordedTenant Tenant, string Job, string Label)>(
            run.Tenants.SelectMany(static t => t.Accepted.Select(a => (t, a.Key, a.Value))));
        return run.Witness.WaitAsync(
            witness =>
            {
                while (open.TryPeek(out var top) && (top.Tenant.IsCancelled(top.Job) || witness.Stops(top.Label) > 0))
                {
                    open.Pop();
                }

                return open.Count == 0;
            },
            bound,
            cancellationToken);
    }

    /// <summary>Waits until the system says that a job has ended, which is when its slot is free again.</summary>
    internal static async Task<bool> IsFinalAsync(
        this ScenarioRun run, RecordedTenant tenant, string jobId, TimeSpan bound, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var reply = await tenant.GetAsync(jobId, null, cancellationToken);
            if (reply.Value is { IsFinal: true })
            {
                return true;
            }

            if (reply.Kind == ReplyKind.NotFound || Stopwatch.GetElapsedTime(begun) > bound)
            {
                return false;
            }

            await Task.Delay(PollMs, cancellationToken);
        }
    }
}
