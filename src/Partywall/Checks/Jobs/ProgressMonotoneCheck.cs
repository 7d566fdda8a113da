using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Jobs;

/*
 * What a tenant sees of a job's progress, against what its bodies reported.
 *
 *   within    0 to 100.
 *   reported  not above the most that any body of the job had reported when the answer was there. A system may show
 *             progress late, or some of it only, but it cannot know more than it was told.
 *   monotone  of two answers about the same attempt, the second asked after the first was there, the later shows no less. A
 *             new attempt begins anew. An attempt is told by the number the answer gives.
 *
 * That a stranger does not see it is judged where strangers reach: a probe's answer must be that of an absent job
 * (isolation.access), and the reports carry the tenant's canary (isolation.canary). Here, an answer to a stranger that shows
 * a progress at all is wrong.
 */

/// <summary>Progress per attempt never falls, stays within 0 to 100, is what was reported, and is shown to its tenant alone.</summary>
public sealed class ProgressMonotoneCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "progress.monotone";

    /// <inheritdoc/>
    public string Claim => "Progress per attempt never falls, stays within 0 to 100, is what its body reported, and is its tenant's alone.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var reports = Reports(history);
        var judged = 0;
        var answers = Operation.Of(history).Where(static o => o.Answer is { Result: ReplyKind.Ok, Progress: not null } && o.Asked.Job is not null).ToList();
        foreach (var answer in answers.Where(static a => a.Asked.Purpose == OperationPurpose.Stranger))
        {
            notes.Find(
                $"{answer.Asked.Tenant} was shown the progress ({answer.Answer!.Progress} %) of job {answer.Asked.Job} of {answer.Asked.Owner}.",
                answer.Lines,
                answer.Asked.Owner,
                answer.Asked.Job);
        }

        foreach (var job in answers.Where(static a => a.Asked.Purpose != OperationPurpose.Stranger).GroupBy(static a => (a.Asked.Tenant, Job: a.Asked.Job!)))
        {
            var reported = reports.GetValueOrDefault(job.Key, []);
            judged += reported.Count > 0 ? job.Count() : 0;
            JudgeValues(job.Key, job, reported, history.IsComplete, notes);
            foreach (var attempt in job.Where(static a => a.Answer!.Attempts is not null).GroupBy(static a => a.Answer!.Attempts))
            {
                JudgeOrder(job.Key, [.. attempt.OrderBy(static a => a.Answer!.AtNs)], notes);
            }
        }

        notes.Figure("answers with progress", judged, "answers");
        return notes.Result(judged, "Nobody was ever shown the progress of a job that had reported some.");
    }

    private static void JudgeValues(
        (string Tenant, string Job) job, IEnumerable<Operation> answers, List<(long AtNs, int Most)> reported, bool isComplete, CheckNotes notes)
    {
        foreach (var answer in answers)
        {
            var said = answer.Answer!.Progress!.Value;
            var most = reported.FindLast(r => r.AtNs <= answer.Answer.AtNs).Most;
            if (said is < 0 or > 100)
            {
                notes.Find($"The progress of job {job.Job} of {job.Tenant} was shown as {said} %.", answer.Lines, job.Tenant, job.Job);
            }
            else if (said > most && answer.Answer.State != JobState.Completed && isComplete)
            {
                // In a history that was cut off the report may be missing. A completed job may be shown as all done.
                notes.Find(
                    $"The progress of job {job.Job} of {job.Tenant} was shown as {said} %, but its bodies had reported at most {most} %.", answer.Lines, job.Tenant, job.Job);
            }
        }
    }

    /// <summary>Each answer shows at least the most of all that had been answered when it was asked for.</summary>
    private static void JudgeOrder((string Tenant, string Job) job, List<Operation> answers, CheckNotes notes)
    {
        Operation? highest = null;
        var next = 0;
        foreach (var answer in answers.OrderBy(static a => a.Asked.AtNs))
        {
            for (; next < answers.Count && answers[next].Answer!.AtNs <= answer.Asked.AtNs; next++)
            {
                highest = highest is null || answers[next].Answer!.Progress > highest.Answer!.Progress ? answers[next] : highest;
            }

            if (highest is not null && answer.Answer!.Progress < highest.Answer!.Progress)
            {
                notes.Find(
                    $"The progress of job {job.Job} of {job.Tenant}, attempt {answer.Answer.Attempts}, fell from {highest.Answer.Progress} to {answer.Answer.Progress} %.",
                    highest.Lines.Concat(answer.Lines),
                    job.Tenant,
                    job.Job);
            }
        }
    }

    /// <summary>For each job the most that its bodies had reported from each moment on.</summary>
    private static Dictionary<(string Tenant, string Job), List<(long AtNs, int Most)>> Reports(HistoryData history)
    {
        var bodies = BodyRun.Of(history).DistinctBy(static b => b.Start.Body).ToDictionary(static b => b.Start.Body, static b => (b.Start.Tenant, b.Start.Job));
        var all = new Dictionary<(string, string), List<(long AtNs, int Most)>>();
        foreach (var report in history.Of<BodyProgressed>().OrderBy(static p => p.AtNs))
        {
            if (bodies.TryGetValue(report.Body, out var job))
            {
                var reports = all.TryGetValue(job, out var known) ? known : all[job] = [];
                reports.Add((report.AtNs, reports.Count == 0 ? report.Percent : Math.Max(reports[^1].Most, report.Percent)));
            }
        }

        return all;
    }
}
