namespace AutonomOS.Jobs;

/// <summary>A job as the store saw it at one instant.</summary>
public sealed record JobSnapshot
{
    /// <summary>The job.</summary>
    public required JobId Id { get; init; }

    /// <summary>Which handler runs it.</summary>
    public required string Type { get; init; }

    /// <summary>The pool it is routed to.</summary>
    public required string Pool { get; init; }

    /// <summary>Its state.</summary>
    public required JobState State { get; init; }

    /// <summary>The tenant's epoch in which it was accepted.</summary>
    public required long Epoch { get; init; }

    /// <summary>0 (last) to 9 (first).</summary>
    public int Priority { get; init; }

    /// <summary>The payload as it was handed in; empty in lists.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>What the handler returned; null unless completed with a result, and in lists.</summary>
    public ReadOnlyMemory<byte>? Result { get; init; }

    /// <summary>The last failure's text; null when nothing failed.</summary>
    public string? Error { get; init; }

    /// <summary>0 to 100; never falls within an attempt.</summary>
    public int ProgressPercent { get; init; }

    /// <summary>The last progress message, or null.</summary>
    public string? ProgressMessage { get; init; }

    /// <summary>Rises with each event of the job: merges a snapshot with a stream of <see cref="JobEvent"/>.</summary>
    public long Sequence { get; init; }

    /// <summary>Claims so far.</summary>
    public int Attempt { get; init; }

    /// <summary>Handler failures so far.</summary>
    public int Failures { get; init; }

    /// <summary>Leases lost so far.</summary>
    public int LeasesLost { get; init; }

    /// <summary>Handler failures after which the job is failed.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>When it was accepted, by the store's clock.</summary>
    public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When a delayed or retrying job becomes due; null otherwise.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When the latest attempt was claimed; null before the first.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it reached its final state; null before.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>True once its tenant asked a running job to stop.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>Its number among all jobs of its tenant's life, rising in the order of acceptance: what lists go by.</summary>
    public long Order { get; init; }

    /// <summary>Jobs ahead of it in its tenant's queue of its pool; null unless queued or in lists.</summary>
    public int? QueuePosition { get; init; }

    /// <summary>Why a pending job is not running; null unless pending, and in lists.</summary>
    public WaitReason? Waiting { get; init; }
}
