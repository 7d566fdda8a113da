using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Isolation;

/*
 * A probe is three questions: a stranger's for somebody else's job, the same stranger's for a job that never existed, and
 * the owner's for the job.
 *
 * Refusing the stranger is not enough: an answer that differs from the one for a job that never existed tells the
 * stranger that there is such a job. So result, status and answer (digest over every byte, the asked id taken out) must be
 * the same. And refusing everybody would pass both, so a probe counts only when the owner, asking the same, succeeded.
 * For a list the question is whether the job is on it.
 *
 * An answer can lie. Where the probe says in which state the job is, the owner looks once more: it must still be.
 */

/// <summary>A tenant that reaches for another's job gets the same answer as for one that never existed; the owner's same call succeeds.</summary>
public sealed class IsolationAccessCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "isolation.access";

    /// <inheritdoc/>
    public string Claim => "Another tenant's job is answered as one that never existed, while its owner's same call succeeds.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var operations = Operation.Of(history);
        JudgeLists(operations, notes);
        var proven = 0;
        var unproven = 0;
        foreach (var probe in operations.Where(static o => o.Asked.Probe is not null).GroupBy(static o => o.Asked.Probe!.Value))
        {
            _ = JudgeProbe([.. probe], notes) ? proven++ : unproven++;
        }

        notes.Figure("probes", proven, "probes");
        notes.Figure("probes that proved nothing", unproven, "probes");
        return notes.Result(
            proven,
            unproven > 0
                ? $"None of {unproven} probe(s) was complete with an owner who succeeded where the stranger was refused."
                : "No tenant reached for another's job.");
    }

    /// <returns>Whether the probe was complete and its control succeeded.</returns>
    private static bool JudgeProbe(List<Operation> probe, CheckNotes notes)
    {
        var strangers = probe.FindAll(static o => o.Asked.Purpose == OperationPurpose.Stranger);
        var answered = strangers.FindAll(static o => o.Result is not (ReplyKind.Unknown or ReplyKind.Unavailable));
        foreach (var stranger in answered)
        {
            JudgeStranger(stranger, Absent(stranger), notes);
        }

        foreach (var look in probe.Where(static o => o is { Asked: { Purpose: OperationPurpose.Owner, State: not null }, Answer.Result: ReplyKind.Ok or ReplyKind.NotFound }))
        {
            JudgeUnchanged(look, answered, notes);
        }

        var isList = answered.Count > 0 && answered[0].Asked.Kind == OperationKind.List;
        var isControlled = answered.Count > 0 && probe.Exists(o => o.Asked.Purpose == OperationPurpose.Owner && IsControl(o, answered[0]));
        return answered.Count > 0 && isControlled
            && (isList || answered.TrueForAll(s => Absent(s) is { Result: not (ReplyKind.Unknown or ReplyKind.Unavailable) }));

        // Several strangers may share a probe: each is compared with what the same one was told of a job that never existed.
        Operation? Absent(Operation stranger) =>
            probe.Find(o => o.Asked.Purpose == OperationPurpose.Absent && o.Asked.Tenant == stranger.Asked.Tenant);
    }

    /// <summary>Whether an owner's call shows what the stranger's would have got, had it been allowed.</summary>
    private static bool IsControl(Operation owner, Operation stranger) => stranger.Asked.Kind switch
    {
        // The owner may have to turn some pages of a list.
        OperationKind.List => owner.Result == ReplyKind.Ok && (owner.Answer!.Jobs?.Contains(stranger.Asked.Job, StringComparer.Ordinal) ?? false),

        // What an endpoint found by its description does is not known, and an owner may be refused too: but in other words.
        OperationKind.Call => owner.Asked.Kind == OperationKind.Call
            && owner.Result is not (ReplyKind.Unknown or ReplyKind.Unavailable)
            && owner.Answer!.AnswerDigest != stranger.Answer!.AnswerDigest,
        _ => owner.Result == ReplyKind.Ok,
    };

    /// <summary>After the strangers' calls, whatever they were answered, the owner finds the job as it was.</summary>
    private static void JudgeUnchanged(Operation look, List<Operation> strangers, CheckNotes notes)
    {
        var before = strangers.FindAll(s => s.AskedLine < look.AskedLine);
        if (look.Answer!.State != look.Asked.State && before.Count > 0)
        {
            notes.Find(
                $"After {before[0].Asked.Endpoint ?? before[0].Asked.Kind.ToString()} by {string.Join(", ", before.Select(static s => s.Asked.Tenant).Distinct(StringComparer.Ordinal))} job {look.Asked.Job} of {look.Asked.Tenant} was found {look.Answer.State?.ToString() ?? "gone"}, and not {look.Asked.State}.",
                before.SelectMany(static s => s.Lines).Concat(look.Lines),
                look.Asked.Tenant,
                look.Asked.Job);
        }
    }

    private static void JudgeStranger(Operation stranger, Operation? absent, CheckNotes notes)
    {
        var asked = stranger.Asked;
        var answer = stranger.Answer!;
        if (asked.Kind == OperationKind.List)
        {
            return; // What is on the lists is judged for all of them alike.
        }

        if (answer.Result == ReplyKind.Ok)
        {
            notes.Find(
                $"{asked.Tenant} reached for {Words(asked)} ({asked.Endpoint ?? asked.Kind.ToString()}), and was answered ok.", stranger.Lines, asked.Owner, asked.Job);
        }
        else if (absent?.Answer is { Result: not (ReplyKind.Unknown or ReplyKind.Unavailable) } never
            && (never.Result, never.Status, never.AnswerDigest) != (answer.Result, answer.Status, answer.AnswerDigest))
        {
            var difference = never.Result != answer.Result || never.Status != answer.Status
                ? $"{answer.Result} {answer.Status} instead of {never.Result} {never.Status}"
                : "the bytes differ";
            notes.Find(
                $"{asked.Tenant} can tell that {Words(asked)} exists: {asked.Endpoint ?? asked.Kind.ToString()} is answered otherwise than for a job that never existed ({difference}).",
                stranger.Lines.Concat(absent.Lines),
                asked.Owner,
                asked.Job);
        }
    }

    private static string Words(OperationInvoked asked) =>
        string.IsNullOrEmpty(asked.Job) ? $"what is {asked.Owner}'s" : $"job {asked.Job} of {asked.Owner}";

    /// <summary>No list of any tenant holds a job that was accepted for another (and not for it).</summary>
    private static void JudgeLists(IReadOnlyList<Operation> operations, CheckNotes notes)
    {
        var owners = operations
            .Where(static o => o is { Asked.Kind: OperationKind.Submit, Answer: { Result: ReplyKind.Ok, Job: not null } })
            .ToLookup(static o => o.Answer!.Job!, static o => o.Asked.Tenant, StringComparer.Ordinal);
        var told = new HashSet<(string, string)>();
        foreach (var list in operations.Where(static o => o.Answer is { Result: ReplyKind.Ok, Jobs: not null }))
        {
            foreach (var job in list.Answer!.Jobs!)
            {
                if (owners.Contains(job) && !owners[job].Contains(list.Asked.Tenant, StringComparer.Ordinal) && told.Add((list.Asked.Tenant, job)))
                {
                    var owner = owners[job].First();
                    notes.Find($"The list of {list.Asked.Tenant} holds job {job} of {owner}.", list.Lines, owner, job);
                }
            }
        }
    }
}
