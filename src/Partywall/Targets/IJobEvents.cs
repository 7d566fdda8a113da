namespace Partywall.Targets;

/// <summary>Something a system told a tenant about a job while it happened.</summary>
/// <param name="JobId">The job, as the event names it.</param>
/// <param name="State">Its state after the event.</param>
/// <param name="Progress">Percent done, when the event says it.</param>
/// <param name="Message">The progress message, when there is one; carries the job's canary.</param>
/// <param name="Attempt">The attempt the event belongs to.</param>
/// <param name="Evidence">What came over the wire for this event.</param>
public sealed record JobNotice(string JobId, JobState State, int? Progress, string? Message, int Attempt, ReplyEvidence Evidence);

/// <summary>A tenant's open subscription to one job. Dispose to close it.</summary>
public interface IJobWatch : IAsyncDisposable
{
    /// <summary>The events, the present state first; ends after a final state, or when the system ends it. For one reader.</summary>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="TargetException">The connection broke, or what came is no event.</exception>
    IAsyncEnumerable<JobNotice> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>The capability to follow a job's events as its tenant.</summary>
public interface IJobEvents : ITargetCapability
{
    /// <summary>Subscribes. A stranger's job is to be answered as one that never existed.</summary>
    /// <param name="client">The tenant's client, as this target made it.</param>
    /// <param name="jobId">Any job id.</param>
    /// <param name="cancellationToken">Gives up waiting for the subscription.</param>
    /// <returns>Ok once the subscription is in force.</returns>
    Task<Reply<IJobWatch>> WatchAsync(ITenantClient client, string jobId, CancellationToken cancellationToken);
}
