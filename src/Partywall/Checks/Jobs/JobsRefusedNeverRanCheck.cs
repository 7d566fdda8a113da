using Partywall.History;

namespace Partywall.Checks.Jobs;

/// <summary>A submission that was clearly refused has no body.</summary>
/// <remarks>
/// An unknown outcome is not a refusal. An answer that the system is away is one: it says that nothing was done. A label
/// that was also submitted with success, under its idempotency key, was not refused.
/// </remarks>
public sealed class JobsRefusedNeverRanCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "jobs.refused-never-ran";

    /// <inheritdoc/>
    public string Claim => "A submission that was refused never runs.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var refused = SubmittedJob.Of(Operation.Of(history)).Values
            .Where(static s => s.IsRefused)
            .ToDictionary(static s => s.Label, StringComparer.Ordinal);
        foreach (var body in BodyRun.Of(history))
        {
            if (refused.TryGetValue(body.Start.Label, out var submission))
            {
                var answer = submission.Operations[^1].Answer!;
                notes.Find(
                    $"Submission {submission.Label} of {submission.Tenant} was answered {answer.Result} ({answer.Code ?? answer.Detail ?? "no code"}), and yet its body {body.Start.Body} ran as job {body.Start.Job}.",
                    submission.Operations.SelectMany(static o => o.Lines).Append(body.StartLine),
                    submission.Tenant,
                    body.Start.Job);
            }
        }

        notes.Figure("refused", refused.Count, "submissions");
        return notes.Result(refused.Count, "No submission was refused, so nothing refused could run.");
    }
}
