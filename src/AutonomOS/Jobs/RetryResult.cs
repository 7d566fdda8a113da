namespace AutonomOS.Jobs;

/// <summary>What a retry by the tenant did. It passes the same admission as a submission.</summary>
/// <param name="Status">Accepted, or why not.</param>
/// <param name="Limit">The limit on <see cref="RetryStatus.QuotaExceeded"/>.</param>
/// <param name="Count">Its use on <see cref="RetryStatus.QuotaExceeded"/>.</param>
public readonly record struct RetryResult(RetryStatus Status, long Limit = 0, long Count = 0);

/// <summary>The ways a retry by the tenant can end.</summary>
public enum RetryStatus
{
    /// <summary>The failed or cancelled job is pending again, its failures forgotten.</summary>
    Accepted,

    /// <summary>The job is not in a final state, or completed.</summary>
    NotRetryable,

    /// <summary>The tenant's <c>max_concurrent + max_queued</c> is in use.</summary>
    QuotaExceeded,

    /// <summary>The tenant is suspended or gone.</summary>
    TenantNotActive,

    /// <summary>The tenant has no such job.</summary>
    NotFound,
}
