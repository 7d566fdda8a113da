namespace AutonomOS.Workers;

/// <summary>Runs the jobs of one type. Made anew for each attempt, in a dependency-injection scope of its own.</summary>
/// <remarks>
/// A job runs <b>at least once</b>: after a lost lease it runs again, so what it does outside should be idempotent
/// (<see cref="JobContext.Id"/> is the natural key). A handler must stop when its token is cancelled: that is what keeps
/// a worker that lost the store from running a job that another worker has started.
/// </remarks>
public interface IJobHandler
{
    /// <summary>Runs one attempt.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellation">Cancelled when the attempt must stop; <see cref="JobContext.StopReason"/> says why.</param>
    /// <returns>The result, or null for none. Larger than the tenant allows, it fails the job.</returns>
    /// <exception cref="JobFailedForGoodException">The job is failed and not tried again.</exception>
    /// <exception cref="Exception">Anything else: the attempt failed and is tried again while attempts are left; the tenant sees the message, never the stack trace.</exception>
    Task<JobResult?> HandleAsync(JobContext job, CancellationToken cancellation);
}
