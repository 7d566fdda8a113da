using AutonomOS.Tenants;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>
/// A list of tenants in the store, each with the time at which somebody should look at it. Whoever takes one puts it off
/// in the same script, so several processes share a schedule without doing the same twice, and one that dies costs a
/// delay. Thread-safe.
/// </summary>
internal sealed class TenantSchedule(StoreConnection connection, ScriptCatalog scripts, string key)
{
    /// <summary>Takes what is due, and puts it off.</summary>
    /// <param name="putOffMs">By how much.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    internal async Task<RedisValue[]> TakeAsync(int putOffMs, int most, CancellationToken cancellation)
    {
        var answer = (RedisResult[])(await connection.EvaluateAsync(scripts["due"], [key], [putOffMs, most], write: true, cancellation))!;
        return (RedisValue[])answer[1]!;
    }

    /// <summary>Has a tenant that is not on the list looked at now; one that is keeps its time.</summary>
    internal Task AddAsync(TenantId tenant, CancellationToken cancellation) =>
        connection.RunAsync(db => db.SortedSetAddAsync(key, tenant.Value, connection.NowMs, SortedSetWhen.NotExists), write: true, cancellation);

    /// <summary>Has a tenant looked at no later than <paramref name="atMs"/> (store clock, unix ms).</summary>
    internal Task BringForwardAsync(TenantId tenant, long atMs, CancellationToken cancellation) =>
        connection.RunAsync(db => db.SortedSetAddAsync(key, tenant.Value, atMs, SortedSetWhen.LessThan), write: true, cancellation);

    /// <summary>Takes a tenant off.</summary>
    internal Task RemoveAsync(TenantId tenant, CancellationToken cancellation) =>
        connection.RunAsync(db => db.SortedSetRemoveAsync(key, tenant.Value), write: true, cancellation);
}
