using AutonomOS.Jobs;
using AutonomOS.Tenants;

namespace AutonomOS.Storage;

/// <summary>
/// The tenants' side of the store: submit, look, cancel. Thread-safe. Every call ends before its deadline
/// (<see cref="StoreOptions.DeadlineMs"/>) and throws <see cref="StoreUnavailableException"/> when nothing was done or
/// <see cref="OutcomeUnknownException"/> when a write may have been done.
/// </summary>
public interface IJobStore
{
    /// <summary>Writes a tenant's settings; an older version or epoch than the stored one changes nothing. Wakes what a raised limit or a resumed tenant makes runnable.</summary>
    Task ApplyTenantAsync(TenantSettings settings, CancellationToken cancellation = default);

    /// <summary>Submits jobs of one tenant; each is admitted or refused on its own, in order, in one script.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="epoch">The epoch the caller knows; another in the store refuses all with <see cref="SubmitStatus.TenantGone"/>.</param>
    /// <param name="jobs">1 to <see cref="JobSubmissionRules.BatchMax"/> valid submissions.</param>
    /// <param name="cancellation">Gives up waiting; the outcome is then unknown.</param>
    /// <returns>A result per submission, in order.</returns>
    Task<IReadOnlyList<SubmitResult>> SubmitAsync(TenantId tenant, long epoch, IReadOnlyList<JobSubmission> jobs, CancellationToken cancellation = default);

    /// <summary>One job of the tenant, or null when the tenant has no such job.</summary>
    Task<JobSnapshot?> GetAsync(TenantId tenant, JobId id, CancellationToken cancellation = default);

    /// <summary>A page of the tenant's jobs, newest first.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="state">Only jobs in this state; null for all.</param>
    /// <param name="cursor">From the page before; null for the first.</param>
    /// <param name="count">1 to 200.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="FormatException">The cursor is not one of ours.</exception>
    Task<JobPage> ListAsync(TenantId tenant, JobState? state, string? cursor, int count, CancellationToken cancellation = default);

    /// <summary>Cancels a job in whatever state it is.</summary>
    Task<CancelResult> CancelAsync(TenantId tenant, JobId id, CancellationToken cancellation = default);

    /// <summary>Makes a failed or cancelled job pending again.</summary>
    Task<RetryResult> RetryAsync(TenantId tenant, JobId id, CancellationToken cancellation = default);

    /// <summary>What the tenant holds now; null when the store does not know it.</summary>
    Task<TenantUsage?> UsageAsync(TenantId tenant, CancellationToken cancellation = default);

    /// <summary>
    /// Subscribes to the events of one tenant's epoch. When this returns, the subscription is in force: a snapshot read
    /// after it misses nothing that the stream does not bring.
    /// </summary>
    Task<IJobEventStream> SubscribeAsync(TenantId tenant, long epoch, CancellationToken cancellation = default);

    /// <summary>Answers when the store answers.</summary>
    /// <returns>The round trip.</returns>
    Task<TimeSpan> PingAsync(CancellationToken cancellation = default);
}

/// <summary>Events of one tenant. Dispose to unsubscribe.</summary>
public interface IJobEventStream : IAsyncDisposable
{
    /// <summary>Events as they come. At most <see cref="BufferMax"/> wait to be read; beyond that the oldest are dropped (a reader that lags takes a new snapshot).</summary>
    IAsyncEnumerable<JobEvent> ReadAsync(CancellationToken cancellation = default);

    /// <summary>Events kept for a reader that lags.</summary>
    const int BufferMax = 10_000;
}
