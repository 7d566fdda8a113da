using System.Text.Json.Serialization;

namespace Partywall.Targets;

/// <summary>
/// A job whose body the harness knows: it holds its slot for a stated time, reports to the witness, and carries
/// its tenant's canary wherever a text can go. The instructions travel in the job's payload
/// (<see cref="ProbePayload"/>), so any target's worker runs them with <c>ProbeBody</c>.
/// </summary>
public sealed record ProbeJob
{
    /// <summary>
    /// The submission's own name, unique in the run and chosen by the harness. A body reports it, so that a body of a
    /// refused or unanswered submission, which has no known job id, is still recognised.
    /// </summary>
    public required string Label { get; init; }

    /// <summary>How long the body holds its slot, in milliseconds. 0 or more.</summary>
    public required int DurationMs { get; init; }

    /// <summary>Progress reports of a body, spread evenly over its duration. Default 0.</summary>
    public int ProgressSteps { get; init; }

    /// <summary>Attempts that fail before one succeeds. Default 0. With as many as the system tries, the job fails.</summary>
    public int FailFirstAttempts { get; init; }

    /// <summary>The tenant's secret, carried in payload, progress, result and error text; null for none.</summary>
    public string? Canary { get; init; }

    /// <summary>An idempotency key; null for none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The priority, in the system's terms. Default 0, the ordinary one; higher goes first.</summary>
    public int Priority { get; init; }

    /// <summary>Earliest start after submission, in milliseconds. Default 0.</summary>
    public int DelayMs { get; init; }

    /// <summary>The pool; null for the system's default.</summary>
    public string? Pool { get; init; }

    /// <summary>The payload this job is submitted with.</summary>
    [JsonIgnore]
    public ProbePayload Payload => new(Label, DurationMs, ProgressSteps, FailFirstAttempts, Canary);
}
