namespace AutonomOS.Jobs;

/// <summary>What became of one submission.</summary>
/// <param name="Status">Accepted, or why not.</param>
/// <param name="Id">The job: on <see cref="SubmitStatus.Replayed"/> the first job's id, on a refusal the one that was offered.</param>
/// <param name="Limit">What was exceeded, in jobs or bytes; 0 otherwise.</param>
/// <param name="Count">How much was in use against <paramref name="Limit"/>; 0 otherwise.</param>
public readonly record struct SubmitResult(SubmitStatus Status, JobId Id, long Limit = 0, long Count = 0)
{
    /// <summary>Whether the job exists now, by this submission or by an earlier one of the same key.</summary>
    public bool IsAccepted => Status is SubmitStatus.Accepted or SubmitStatus.Replayed;
}

/// <summary>The ways a submission can end.</summary>
public enum SubmitStatus
{
    /// <summary>Accepted and stored.</summary>
    Accepted,

    /// <summary>The idempotency key was used before with the same content.</summary>
    Replayed,

    /// <summary>The tenant's <c>max_concurrent + max_queued</c> is in use.</summary>
    QuotaExceeded,

    /// <summary>The payload is larger than the tenant's limit.</summary>
    PayloadTooLarge,

    /// <summary>The tenant's unfinished payloads together would exceed its limit.</summary>
    BytesExceeded,

    /// <summary>The tenant has used <see cref="Tenants.TenantLimits.PoolsMax"/> other pools.</summary>
    TooManyPools,

    /// <summary>The idempotency key was used before with other content.</summary>
    IdempotencyConflict,

    /// <summary>The tenant is suspended.</summary>
    TenantSuspended,

    /// <summary>The tenant is unknown to the store, on its way out, or in another epoch.</summary>
    TenantGone,
}
