using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Jobs;

/// <summary>
/// One job as its submitter meant it: all submissions under one label. They are more than one only where a submission
/// was repeated under its idempotency key.
/// </summary>
/// <param name="Label">The label.</param>
/// <param name="Tenant">The tenant that submitted it.</param>
internal sealed record SubmittedJob(string Label, string Tenant)
{
    /// <summary>The submissions, in the order in which they were sent.</summary>
    public List<Operation> Operations { get; } = [];

    /// <summary>The first answer that accepted it; null when none did.</summary>
    public Operation? Accepted => Operations.Find(static o => o.Answer is { Result: ReplyKind.Ok });

    /// <summary>The id it was accepted under.</summary>
    public string? Job => Accepted?.Answer?.Job;

    /// <summary>Whether every one of its submissions was answered with a clear no.</summary>
    public bool IsRefused => Operations.TrueForAll(static o => o.Result is ReplyKind.Refused or ReplyKind.Unavailable or ReplyKind.NotFound);

    /// <summary>Whether it may have been taken or not: not accepted by any answer, and at least one outcome is unknown.</summary>
    public bool IsUnknown => Accepted is null && !IsRefused;

    /// <summary>All submissions of a history by their label.</summary>
    public static IReadOnlyDictionary<string, SubmittedJob> Of(IEnumerable<Operation> operations)
    {
        var all = new Dictionary<string, SubmittedJob>(StringComparer.Ordinal);
        foreach (var operation in operations.Where(static o => o.Asked is { Kind: OperationKind.Submit, Label: not null }))
        {
            var label = operation.Asked.Label!;
            if (!all.TryGetValue(label, out var submission))
            {
                all[label] = submission = new SubmittedJob(label, operation.Asked.Tenant);
            }

            submission.Operations.Add(operation);
        }

        return all;
    }
}
