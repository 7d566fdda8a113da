namespace AutonomOS.Jobs;

/// <summary>A job as its tenant hands it in. Validated by <see cref="JobSubmissionRules"/> before it reaches the store.</summary>
public sealed record JobSubmission
{
    /// <summary>The job's id; made by the submitting side. A repeated submission without an idempotency key is another job.</summary>
    public required JobId Id { get; init; }

    /// <summary>Which handler runs it: 1 to 128 characters of <c>A–Z a–z 0–9 . _ - / :</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The pool whose workers run it: 1 to 64 characters of <c>A–Z a–z 0–9 . _ -</c>; default <c>default</c>.</summary>
    public string Pool { get; init; } = DefaultPool;

    /// <summary>Opaque to the platform (JSON over the HTTP API).</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>0 (last) to 9 (first); default 5. First in, first out within a priority.</summary>
    public int Priority { get; init; } = 5;

    /// <summary>Runs no earlier than this long after acceptance, in milliseconds. 0 (at once) to 366 days; default 0.</summary>
    public long DelayMs { get; init; }

    /// <summary>Handler failures after which the job is failed, 1 to 100; default 3. Lost leases and hand-backs do not count.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>How long one attempt may run before the reconciler fails the job, in milliseconds. 1 s to 24 h; default 30 min.</summary>
    public long TimeoutMs { get; init; } = 30 * 60 * 1000;

    /// <summary>
    /// Optional, 1 to 128 printable ASCII characters. The same key with the same content answers with the first job's id;
    /// with other content it is refused. Kept for 24 h, or the tenant's retention where that is shorter.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The pool a job goes to unless another is said.</summary>
    public const string DefaultPool = "default";
}
