using AutonomOS.Scheduling;
using AutonomOS.Tenants;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>What the store still has of a tenant that is being deleted, and its removal slice by slice. Thread-safe; errors as in <see cref="IJobStore"/>.</summary>
internal sealed class TenantRemains(TenantScripts tenants, ReadyIndex index)
{
    /// <summary>Entries that one script ends or removes: a few milliseconds of the store's time.</summary>
    internal const int SliceMax = 200;

    /// <summary>Says how the deletion ends what runs.</summary>
    /// <returns>False when the store knows no such life of the tenant.</returns>
    internal async Task<bool> SetModeAsync(TenantSettings tenant, DeletionMode mode, CancellationToken cancellation) =>
        (string?)(await tenants.WriteAsync("deletion", tenant.Id, [tenant.Epoch, mode is DeletionMode.Drain ? "drain" : "cancel"], cancellation))[0] == "ok";

    /// <summary>Ends a slice of the tenant's unfinished jobs.</summary>
    internal async Task<Withdrawal> WithdrawAsync(TenantSettings tenant, long fromRank, int graceMs, CancellationToken cancellation)
    {
        var answer = await tenants.WriteAsync("withdraw", tenant.Id, [tenant.Epoch, SliceMax, fromRank, graceMs], cancellation);
        await index.TellAsync(TenantNote.Read(tenant.Id, answer[1]));
        return new Withdrawal(Found(answer[0]), (long)answer[2], (long)answer[3], (long)answer[4]);
    }

    /// <summary>Removes a slice of the tenant's keys.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="last">Whether the tenant itself goes, where nothing else is left.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    internal async Task<Purge> PurgeAsync(TenantSettings tenant, bool last, CancellationToken cancellation)
    {
        var answer = await tenants.WriteAsync("purge", tenant.Id, [tenant.Epoch, SliceMax, last ? "1" : "0"], cancellation);
        return new Purge(Found(answer[0]), (long)answer[1], (string[])answer[2]!);
    }

    /// <summary>Takes the tenant out of the pools' indexes.</summary>
    internal async Task ForgetAsync(TenantSettings tenant, IEnumerable<string> pools, CancellationToken cancellation)
    {
        foreach (var pool in pools)
        {
            await index.ForgetAsync(tenant.Id, pool, cancellation);
        }
    }

    private static TenantFound Found(RedisResult status) => (string?)status switch
    {
        "gone" => TenantFound.Gone,
        "other" => TenantFound.Other,
        _ => TenantFound.Deleting,
    };

    /// <summary>What a slice of ending jobs found.</summary>
    /// <param name="Found">The tenant.</param>
    /// <param name="Pending">Pending jobs left.</param>
    /// <param name="Running">Slots still held.</param>
    /// <param name="NextRank">Where among the slots the next slice begins; 0 at the end.</param>
    internal readonly record struct Withdrawal(TenantFound Found, long Pending, long Running, long NextRank);

    /// <summary>What a slice of removing keys found.</summary>
    /// <param name="Found">The tenant.</param>
    /// <param name="Left">Entries still there.</param>
    /// <param name="Pools">Pools that the tenant used.</param>
    internal readonly record struct Purge(TenantFound Found, long Left, string[] Pools);
}

/// <summary>What the store knows of a tenant that the records say is being deleted.</summary>
internal enum TenantFound
{
    /// <summary>The same.</summary>
    Deleting,

    /// <summary>Nothing.</summary>
    Gone,

    /// <summary>An older version of it, which has to be told first, or another life.</summary>
    Other,
}
