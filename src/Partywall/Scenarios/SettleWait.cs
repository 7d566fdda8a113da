using System.Collections.Concurrent;
using System.Diagnostics;
using Partywall.History;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios;

/// <summary>
/// After the load: waits until all accepted work has ended, then asks each job's owner what became of it. The wait has
/// a bound; work that is not over by then is stuck, and stands in the history as such.
/// </summary>
internal static class SettleWait
{
    private const int PollMs = 50;
    private const int AskedAtOncePerTenant = 4;

    /// <summary>Waits, and records how it ended.</summary>
    public static async Task RunAsync(ScenarioRun run, int boundMs, CancellationToken cancellationToken)
    {
        var fromNs = run.Clock.NowNs;
        var begun = Stopwatch.GetTimestamp();

        // First by what the bodies say, which costs the target nothing.
        await run.BodiesEndedAsync(TimeSpan.FromMilliseconds(boundMs), cancellationToken);

        // Then by what the system says: a body that has stopped is settled a moment later, or is retried.
        var open = run.Tenants.SelectMany(static t => t.Accepted.Keys.Select(job => (Tenant: t, Job: job))).ToList();
        while (true)
        {
            open = await StillOpenAsync(open, cancellationToken);
            if ((open.Count == 0 && run.Witness.RunningTotal == 0) || Stopwatch.GetElapsedTime(begun).TotalMilliseconds >= boundMs)
            {
                break;
            }

            await Task.Delay(PollMs, cancellationToken);
        }

        run.Record(new Settled(run.Clock.NowNs, fromNs, open.Count == 0 && run.Witness.RunningTotal == 0, open.Count));
    }

    /// <summary>Records every accepted job as its owner sees it, and everything each owner's list holds.</summary>
    public static Task ObserveAsync(ScenarioRun run, CancellationToken cancellationToken) =>
        Task.WhenAll(run.Tenants.Select(async tenant =>
        {
            await Parallel.ForEachAsync(tenant.Accepted.Keys, Options(cancellationToken), async (job, ct) =>
            {
                var reply = await tenant.GetAsync(job, OperationReason.Observe, ct);
                run.Record(new JobObserved(run.Clock.NowNs, tenant.Id, job, reply.Kind, reply.Value?.State, reply.Value?.Attempts));
            });
            await tenant.ListAllAsync(OperationReason.Observe, cancellationToken);
            await tenant.UsageAsync(cancellationToken);
        }));

    private static async Task<List<(RecordedTenant Tenant, string Job)>> StillOpenAsync(
        List<(RecordedTenant Tenant, string Job)> jobs, CancellationToken cancellationToken)
    {
        var open = new ConcurrentBag<(RecordedTenant Tenant, string Job)>();
        await Task.WhenAll(jobs.GroupBy(static j => j.Tenant).Select(async tenant =>
        {
            // One call for all. Should it not be true, then each job is looked at once more at rest, and shows it.
            if ((await tenant.Key.UsageAsync(cancellationToken)).Value is { Running: 0, Pending: 0 })
            {
                return;
            }

            await Parallel.ForEachAsync(tenant, Options(cancellationToken), async (job, ct) =>
            {
                var reply = await job.Tenant.GetAsync(job.Job, OperationReason.Observe, ct);

                // A job that is not found will not be found later either: it is over, and lost.
                if (reply.Kind != ReplyKind.NotFound && reply.Value is not { IsFinal: true })
                {
                    open.Add(job);
                }
            });
        }));
        return [.. open];
    }

    private static ParallelOptions Options(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = AskedAtOncePerTenant, CancellationToken = cancellationToken };
}
