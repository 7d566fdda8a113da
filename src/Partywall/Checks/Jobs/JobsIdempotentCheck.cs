using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Jobs;

/// <summary>
/// Under one idempotency key a tenant has one job: a repeat is answered with it, another payload is refused, and another
/// tenant's same key is another job.
/// </summary>
/// <remarks>
/// A submission's label is part of its payload, so the same label is the same payload. Only a submission that was sent
/// after the first acceptance had been answered is surely a repeat or a conflict; of those that overlap with it, any may
/// be the first, but still only one payload may be accepted.
/// </remarks>
public sealed class JobsIdempotentCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "jobs.idempotent";

    /// <inheritdoc/>
    public string Claim => "Under one idempotency key a tenant has one job: a repeat is answered with it, another payload is refused.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var keyed = Operation.Of(history).Where(static o => o.Asked is { Kind: OperationKind.Submit, IdempotencyKey: not null, Label: not null }).ToList();
        var repeats = 0;
        var conflicts = 0;
        foreach (var key in keyed.GroupBy(static o => (o.Asked.Tenant, o.Asked.IdempotencyKey)))
        {
            var operations = key.ToList();
            var first = operations.Where(static o => o.Answer is { Result: ReplyKind.Ok, Job: not null }).MinBy(static o => o.Answer!.AtNs);
            if (first is null)
            {
                JudgeConflictWithNobody(operations, notes);
                continue;
            }

            foreach (var operation in operations.Where(o => o != first))
            {
                if (operation.Asked.Label == first.Asked.Label)
                {
                    repeats += JudgeRepeat(operation, first, notes);
                }
                else
                {
                    conflicts += JudgeConflict(operation, first, notes);
                }
            }
        }

        JudgeSharing(keyed, notes);
        notes.Figure("repeats", repeats, "submissions");
        notes.Figure("conflicts", conflicts, "submissions");
        return notes.Result(repeats + conflicts, "No submission was repeated under an idempotency key.");
    }

    private static int JudgeRepeat(Operation repeat, Operation first, CheckNotes notes)
    {
        var asked = repeat.Asked;
        switch (repeat.Answer)
        {
            case { Result: ReplyKind.Ok } answer when answer.Job != first.Answer!.Job:
                notes.Find(
                    $"{asked.Tenant} repeated {asked.Label} under its key {asked.IdempotencyKey} and got job {answer.Job} beside job {first.Answer.Job}.",
                    first.Lines.Concat(repeat.Lines),
                    asked.Tenant,
                    answer.Job);
                return 1;
            case { Result: ReplyKind.Ok }:
                return 1;
            case { Result: ReplyKind.Refused, Code: not RefusalCode.RateLimited } answer when asked.AtNs >= first.Answer!.AtNs:
                notes.Find(
                    $"{asked.Tenant} repeated {asked.Label} under its key {asked.IdempotencyKey}, which had been accepted as job {first.Answer.Job}, and was refused ({answer.Code}).",
                    first.Lines.Concat(repeat.Lines),
                    asked.Tenant,
                    first.Answer.Job);
                return 1;
            default:
                return 0;
        }
    }

    private static int JudgeConflict(Operation conflict, Operation first, CheckNotes notes)
    {
        var asked = conflict.Asked;
        if (conflict.Answer is { Result: ReplyKind.Ok } answer)
        {
            notes.Find(
                $"{asked.Tenant} submitted {asked.Label} under the key {asked.IdempotencyKey} of {first.Asked.Label}, another payload, and was answered with job {answer.Job}.",
                first.Lines.Concat(conflict.Lines),
                asked.Tenant,
                answer.Job);
        }

        return conflict.Answer is { Result: ReplyKind.Ok or ReplyKind.Refused } ? 1 : 0;
    }

    /// <summary>A conflict needs a second payload of the same tenant: with one payload only, the other is somebody else's.</summary>
    private static void JudgeConflictWithNobody(List<Operation> operations, CheckNotes notes)
    {
        if (operations.Select(static o => o.Asked.Label).Distinct(StringComparer.Ordinal).Skip(1).Any())
        {
            return;
        }

        foreach (var operation in operations.Where(static o => o.Answer is { Result: ReplyKind.Refused, Code: RefusalCode.IdempotencyConflict }))
        {
            notes.Find(
                $"{operation.Asked.Tenant} was told that its key {operation.Asked.IdempotencyKey} had been used with another payload, which it never was by this tenant.",
                operation.Lines,
                operation.Asked.Tenant);
        }
    }

    /// <summary>Two tenants with the same key never get the same job.</summary>
    private static void JudgeSharing(List<Operation> keyed, CheckNotes notes)
    {
        foreach (var shared in keyed.Where(static o => o.Answer is { Result: ReplyKind.Ok, Job: not null }).GroupBy(static o => (o.Asked.IdempotencyKey, o.Answer!.Job)))
        {
            var first = shared.First();
            if (shared.FirstOrDefault(o => o.Asked.Tenant != first.Asked.Tenant) is { } other)
            {
                notes.Find(
                    $"{first.Asked.Tenant} and {other.Asked.Tenant} used the same key {first.Asked.IdempotencyKey}, and both were answered with job {first.Answer!.Job}.",
                    first.Lines.Concat(other.Lines),
                    other.Asked.Tenant,
                    first.Answer.Job);
            }
        }
    }
}
