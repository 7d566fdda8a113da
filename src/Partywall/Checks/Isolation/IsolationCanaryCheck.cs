using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Isolation;

/// <summary>A tenant's secret never appears in any byte that another tenant received.</summary>
/// <remarks>
/// The control is that the search works: each tenant with an accepted job must have found its own secret in at least one
/// answer of its own. Otherwise a system that shows no texts at all, or a search that finds nothing, would pass.
/// </remarks>
public sealed class IsolationCanaryCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "isolation.canary";

    /// <inheritdoc/>
    public string Claim => "A tenant's secret never appears in any byte another tenant received.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var withJobs = new HashSet<string>(StringComparer.Ordinal);
        var controlled = new HashSet<string>(StringComparer.Ordinal);
        long answers = 0;
        long bytes = 0;
        foreach (var operation in Operation.Of(history))
        {
            if (operation.Answer is not { } answer)
            {
                continue;
            }

            answers++;
            bytes += answer.Bytes;
            var tenant = operation.Asked.Tenant;
            if (operation.Asked.Kind == OperationKind.Submit && answer.Result == ReplyKind.Ok)
            {
                withJobs.Add(tenant);
            }

            foreach (var found in answer.Canaries ?? [])
            {
                if (found == tenant)
                {
                    controlled.Add(tenant);
                }
                else
                {
                    notes.Find(
                        $"{tenant} received the secret of {found} in the answer to {operation.Asked.Kind}{(operation.Asked.Job is { } job ? $" of job {job}" : "")}.",
                        operation.Lines,
                        found,
                        operation.Asked.Job);
                }
            }
        }

        var uncontrolled = withJobs.Except(controlled, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (uncontrolled.Count > 0 && history.IsComplete)
        {
            notes.Doubt($"{string.Join(", ", uncontrolled.Take(5))} ({uncontrolled.Count} tenant(s)) never received their own secret, so that it would have been found is not shown.");
        }

        if (history.Of<TenantOnboarded>().Take(2).Count() < 2)
        {
            notes.Doubt("There were not two tenants.");
        }

        notes.Figure("answers searched", answers, "answers");
        notes.Figure("bytes searched", bytes, "bytes");
        notes.Figure("tenants with a control", controlled.Count, "tenants");
        return notes.Result(controlled.Count, "No tenant received its own secret, so there is no sign that the search finds any.");
    }
}
