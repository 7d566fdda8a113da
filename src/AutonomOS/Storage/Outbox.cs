using AutonomOS.Archiving;
using AutonomOS.Jobs;
using AutonomOS.Records;
using AutonomOS.Tenants;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>A tenant's finished jobs on their way to the records. Thread-safe; errors as in <see cref="IJobStore"/>.</summary>
internal sealed class Outbox(TenantScripts tenants, FinishedJobsOptions options)
{
    /// <summary>Jobs handed out at once.</summary>
    internal const int BatchMax = 200;

    /// <summary>Bytes of payload, result and error text handed out at once (one job may have more).</summary>
    internal const int BatchBytesMax = 4 * 1024 * 1024;

    /// <summary>Hands out the oldest jobs that may leave the store, and marks them: from then on they change no more.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="all">However young they are: the tenant is being deleted.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>The jobs, and entries that have none any more, which are to be dropped too.</returns>
    internal async Task<(IReadOnlyList<ArchivedJob> Jobs, IReadOnlyList<JobId> Gone)> TakeAsync(TenantId tenant, bool all, CancellationToken cancellation)
    {
        var answer = await tenants.WriteAsync(
            "settled", tenant, [options.LiveMs, options.LiveMax, BatchMax, BatchBytesMax, all ? "1" : "0"], cancellation);
        var gone = ((RedisResult[])answer[2]!).Select(id => JobId.Parse((string)id!));
        var jobs = ((RedisResult[])answer[3]!).Select(r => Read(tenant, (RedisResult[])r!));
        return ([.. jobs], [.. gone]);
    }

    /// <summary>Drops jobs that the records have.</summary>
    internal Task DropAsync(TenantId tenant, IReadOnlyCollection<JobId> ids, CancellationToken cancellation) =>
        tenants.WriteAsync("archived", tenant, [ids.Count, .. ids.Select(id => (RedisValue)id.Value)], cancellation);

    private static ArchivedJob Read(TenantId tenant, RedisResult[] r)
    {
        var job = JobFields.Read(JobId.Parse((string)r[0]!), (RedisResult[])r[1]!);
        return new ArchivedJob
        {
            Tenant = tenant,
            ListSequence = job.Order,
            Job = job,
            IdempotencyKey = (string?)r[2] is { Length: > 0 } key ? key : null,
        };
    }
}
