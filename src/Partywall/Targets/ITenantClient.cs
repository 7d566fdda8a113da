namespace Partywall.Targets;

/// <summary>
/// One tenant's own access to the system, with connections of its own so that no tenant waits behind another
/// inside the harness. Thread-safe.
/// </summary>
/// <remarks>
/// Every call returns a typed reply within a bound of its own. An expected refusal, a stranger's job or an
/// outage is a reply, never an exception; only <see cref="OperationCanceledException"/> and programming errors are thrown.
/// No call retries by itself.
/// </remarks>
public interface ITenantClient : IAsyncDisposable
{
    /// <summary>The tenant this client acts as.</summary>
    string TenantId { get; }

    /// <summary>Submits one job.</summary>
    /// <param name="job">The job; its payload carries what the body does.</param>
    /// <param name="cancellationToken">Gives up waiting; the outcome is then unknown to the caller.</param>
    Task<Reply<Submission>> SubmitAsync(ProbeJob job, CancellationToken cancellationToken);

    /// <summary>Submits several jobs in one call, each admitted or refused for itself.</summary>
    /// <param name="jobs">The jobs, in order. At least one.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>One reply per job, in the same order. When the call as a whole failed, each carries that failure.</returns>
    Task<IReadOnlyList<Reply<Submission>>> SubmitBatchAsync(IReadOnlyList<ProbeJob> jobs, CancellationToken cancellationToken);

    /// <summary>Asks for one job by its id, whoever's it may be: a stranger's is to be answered as one that never existed.</summary>
    /// <param name="jobId">Any job id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<Reply<JobView>> GetAsync(string jobId, CancellationToken cancellationToken);

    /// <summary>Lists a page of the tenant's jobs.</summary>
    /// <param name="state">Only jobs in this state; null for all.</param>
    /// <param name="cursor">Where to go on, from <see cref="JobPage.NextCursor"/>; null for the first page.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<Reply<JobPage>> ListAsync(JobState? state, string? cursor, CancellationToken cancellationToken);

    /// <summary>
    /// Asks for a job to be cancelled. Ok means the request was taken: a pending job is then cancelled; a running
    /// one is told, and ends in its own time. The view is the job's state as of the answer.
    /// </summary>
    /// <param name="jobId">Any job id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<Reply<JobView>> CancelAsync(string jobId, CancellationToken cancellationToken);

    /// <summary>Asks for the tenant's own usage and limits, as the system says them.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<Reply<UsageView>> UsageAsync(CancellationToken cancellationToken);
}
