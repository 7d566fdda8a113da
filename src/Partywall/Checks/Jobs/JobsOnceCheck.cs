using Partywall.History;

namespace Partywall.Checks.Jobs;

/*
 * When a second attempt is in order.
 *
 * At least once is the promise, so a job may run again, but only for a reason the history shows: its attempt failed (a
 * retry), it was cancelled (handed back), or something was done to the process it ran in, or to the store, before the
 * next attempt began. Without such a reason a second attempt is one too many, whether it ran after the first or beside
 * it. A fence is handed out once: two attempts of one job with the same fence are wrong whatever happened, because
 * then a stale attempt's writes cannot be told from the live one's.
 */

/// <summary>Each job runs once, unless its attempt failed, was handed back or was struck by a fault; no two attempts share a fence.</summary>
public sealed class JobsOnceCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "jobs.once";

    /// <inheritdoc/>
    public string Claim => "A job runs again only where its attempt failed, was handed back or was lost; no two attempts share a fence.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var disturbances = Disturbance.Of(history);
        var jobs = 0;
        var again = 0;
        foreach (var job in BodyRun.Of(history).GroupBy(static b => (b.Start.Tenant, b.Start.Job)))
        {
            jobs++;
            var attempts = job.OrderBy(static b => b.Start.AtNs).ThenBy(static b => b.StartLine).ToList();
            again += attempts.Count - 1;
            JudgeFences(job.Key.Tenant, job.Key.Job, attempts, notes);
            for (var i = 1; i < attempts.Count; i++)
            {
                JudgeAgain(job.Key.Tenant, job.Key.Job, attempts[i - 1], attempts[i], disturbances, notes);
            }
        }

        notes.Figure("jobs that ran", jobs, "jobs");
        notes.Figure("further attempts", again, "attempts");
        return notes.Result(jobs, "No body ran.");
    }

    private static void JudgeFences(string tenant, string job, List<BodyRun> attempts, CheckNotes notes)
    {
        foreach (var shared in attempts.Where(static a => a.Start.Fence.Length > 0).GroupBy(static a => a.Start.Fence, StringComparer.Ordinal).Where(static g => g.Skip(1).Any()))
        {
            notes.Find(
                $"{shared.Count()} attempts of job {job} of {tenant} were given the same fence.", shared.Select(static a => a.StartLine), tenant, job);
        }
    }

    private static void JudgeAgain(
        string tenant, string job, BodyRun before, BodyRun next, IReadOnlyList<Disturbance> disturbances, CheckNotes notes)
    {
        if (WasStruck(before, next, disturbances))
        {
            return;
        }

        var lines = new[] { before.StartLine, before.StopLine, next.StartLine };
        if (before.PossiblyUntilNs > next.Start.AtNs)
        {
            notes.Find(
                $"Job {job} of {tenant} was started again (body {next.Start.Body}) while body {before.Start.Body} was still running it, and nothing had happened to that one.",
                lines,
                tenant,
                job);
        }
        else if (before.Stop is { Outcome: BodyOutcome.Completed })
        {
            notes.Find(
                $"Job {job} of {tenant} ran again (body {next.Start.Body}) after body {before.Start.Body} had completed it.", lines, tenant, job);
        }
    }

    /// <summary>Whether an attempt may have been lost: something happened to its process, or to no process in particular, before the next began.</summary>
    private static bool WasStruck(BodyRun before, BodyRun next, IReadOnlyList<Disturbance> disturbances) =>
        (before.DiedWithProcess && before.SurelyUntilNs <= next.Start.AtNs)
        || disturbances.Any(d => (d.Process is null || d.Process == before.Start.Process)
            && d.FromNs <= next.Start.AtNs && d.UntilNs >= before.Start.AtNs);
}
