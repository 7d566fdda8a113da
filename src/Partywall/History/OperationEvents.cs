using Partywall.Targets;

namespace Partywall.History;

/// <summary>What a client asked for.</summary>
public enum OperationKind
{
    /// <summary>Submit a job (one, or one of a batch).</summary>
    Submit,

    /// <summary>Get a job.</summary>
    Get,

    /// <summary>List a page of jobs.</summary>
    List,

    /// <summary>Cancel a job.</summary>
    Cancel,

    /// <summary>Ask for usage.</summary>
    Usage,

    /// <summary>Settle an attempt once more with its own fence.</summary>
    SettleAgain,

    /// <summary>Call an endpoint of the API that was found by its description.</summary>
    Call,
}

/// <summary>Why an operation was made. The three of a probe share <see cref="OperationInvoked.Probe"/>.</summary>
public enum OperationPurpose
{
    /// <summary>Ordinary work of a tenant.</summary>
    Work,

    /// <summary>A tenant reaches for another's job: must be answered exactly as <see cref="Absent"/> is.</summary>
    Stranger,

    /// <summary>The same tenant reaches for a job that never existed.</summary>
    Absent,

    /// <summary>The positive control: the job's owner does the same, and succeeds.</summary>
    Owner,

    /// <summary>The harness looks at the outcome (settling, at rest).</summary>
    Observe,
}

/// <summary>An operation is sent. Every one is followed by one <see cref="OperationEnded"/>, unless the run was cut off.</summary>
/// <param name="AtNs">When it was really sent.</param>
/// <param name="Operation">The operation's number in the run, from 1.</param>
/// <param name="Kind">What is asked for.</param>
/// <param name="Purpose">Why.</param>
/// <param name="Tenant">The tenant that asks.</param>
/// <param name="Job">The job asked for; null where none is named (submit, list, usage).</param>
/// <param name="Owner">The tenant the named job belongs to; null where none is named or none exists.</param>
/// <param name="Label">For a submission: the label its body will report.</param>
/// <param name="IdempotencyKey">For a submission: its idempotency key, if it has one.</param>
/// <param name="Probe">The number of the cross-tenant probe this belongs to; null outside of probes.</param>
/// <param name="Batch">The number of the batch this belongs to; null for a single one.</param>
/// <param name="IntendedNs">When the schedule wanted it sent; null where there was no schedule.</param>
/// <param name="Priority">For a submission: its priority; null for the ordinary one, 0.</param>
/// <param name="DelayMs">For a submission: its earliest start after it, in milliseconds; null for at once.</param>
/// <param name="Pool">For a submission: its pool; null for the system's default.</param>
/// <param name="Endpoint">The endpoint that is called; null outside of <see cref="OperationKind.Call"/>.</param>
/// <param name="Situation">The situation the named job was brought into, such as <c>retrying</c>; null where that does not matter.</param>
/// <param name="State">The state the named job must be found in; null where nothing is expected.</param>
/// <param name="Process">The submitter process that sent it, by its own clock reading; null for the harness.</param>
public sealed record OperationInvoked(
    long AtNs,
    long Operation,
    OperationKind Kind,
    OperationPurpose Purpose,
    string Tenant,
    string? Job = null,
    string? Owner = null,
    string? Label = null,
    string? IdempotencyKey = null,
    long? Probe = null,
    long? Batch = null,
    long? IntendedNs = null,
    int? Priority = null,
    int? DelayMs = null,
    string? Pool = null,
    string? Endpoint = null,
    string? Situation = null,
    JobState? State = null,
    string? Process = null)
    : HistoryEvent(AtNs)
{
    /// <summary>The asker's name where it is not a tenant but whoever runs the system.</summary>
    public const string Operator = "(operator)";
}

/// <summary>An operation was answered, or given up.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Operation">The operation's number.</param>
/// <param name="Result">What became of it.</param>
/// <param name="Job">For an accepted submission: the job's id. Otherwise the job answered about.</param>
/// <param name="State">The job's state, where the answer says it.</param>
/// <param name="Attempts">Attempts begun, where the answer says it.</param>
/// <param name="Replayed">For an accepted submission: whether the answer says an earlier one is meant.</param>
/// <param name="Code">The code of a refusal.</param>
/// <param name="Limit">The limit a refusal names.</param>
/// <param name="Count">The count a refusal names.</param>
/// <param name="Detail">Words about a refusal, an unknown outcome or an outage.</param>
/// <param name="Jobs">For a list: the ids on the page.</param>
/// <param name="Status">The protocol's status.</param>
/// <param name="Bytes">Length of the answer in bytes.</param>
/// <param name="AnswerDigest">
/// SHA-256 over status and answer, the id that was asked for replaced by a fixed word, so that the answer for a
/// stranger's job and for one that never existed can be compared. Written for probes only.
/// </param>
/// <param name="Canaries">Tenants whose canary was found in the answer's bytes; null for none.</param>
/// <param name="Progress">The job's progress in percent, where the answer says it.</param>
public sealed record OperationEnded(
    long AtNs,
    long Operation,
    ReplyKind Result,
    string? Job = null,
    JobState? State = null,
    int? Attempts = null,
    bool Replayed = false,
    string? Code = null,
    int? Limit = null,
    int? Count = null,
    string? Detail = null,
    IReadOnlyList<string>? Jobs = null,
    int Status = 0,
    int Bytes = 0,
    string? AnswerDigest = null,
    IReadOnlyList<string>? Canaries = null,
    int? Progress = null)
    : HistoryEvent(AtNs);

/// <summary>An accepted job as its owner saw it once the run had settled, or when the bound for settling had passed.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Tenant">The owner.</param>
/// <param name="Job">The job.</param>
/// <param name="Result">What the owner's question was answered with; not found means that the job is lost.</param>
/// <param name="State">Its state, when it was found.</param>
/// <param name="Attempts">Attempts begun, when it was found.</param>
public sealed record JobObserved(long AtNs, string Tenant, string Job, ReplyKind Result, JobState? State = null, int? Attempts = null)
    : HistoryEvent(AtNs);

/// <summary>The wait for rest is over.</summary>
/// <param name="AtNs">When.</param>
/// <param name="FromNs">When the load had ended and the wait began.</param>
/// <param name="AllEnded">Whether every accepted job was in a final state and no body ran within the bound.</param>
/// <param name="Open">Jobs not in a final state at the end of the wait.</param>
public sealed record Settled(long AtNs, long FromNs, bool AllEnded, int Open) : HistoryEvent(AtNs);
