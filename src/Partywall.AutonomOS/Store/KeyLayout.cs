using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Partywall.Targets;

namespace Partywall.AutonomOS.Store;

/// <summary>
/// To whom a key belongs, by its name alone. A name counts only when the product's own key builders make exactly that
/// name from its parts: whatever merely looks similar belongs to nobody.
/// </summary>
internal static class KeyLayout
{
    private const string TenantMark = ":tenant:{";

    /// <summary>Classifies a key.</summary>
    public static InspectedKey Classify(string key)
    {
        if (TenantOf(key) is { } tenant)
        {
            return new InspectedKey(key, KeyOwnership.Tenant, tenant);
        }

        return new InspectedKey(key, IsOnWrittenList(key) ? KeyOwnership.WrittenList : KeyOwnership.Unknown, null);
    }

    private static string? TenantOf(string key)
    {
        var at = key.IndexOf(TenantMark, StringComparison.Ordinal);
        var end = key.IndexOf('}', StringComparison.Ordinal);
        if (at < 0 || end < at || !TenantId.TryParse(key[(at + TenantMark.Length)..end], out var tenant))
        {
            return null;
        }

        string[] single =
        [
            StoreKeys.Meta(tenant), StoreKeys.Semaphore(tenant), StoreKeys.Delayed(tenant), StoreKeys.Jobs(tenant),
            StoreKeys.Settled(tenant), StoreKeys.Repair(tenant), StoreKeys.Keyed(tenant),
        ];
        var isOurs = single.Contains(key, StringComparer.Ordinal)
            || (After(key, StoreKeys.Queue(tenant, "")) is { } pool && JobSubmissionRules.IsPool(pool))
            || (After(key, StoreKeys.State(tenant, "")) is { } job && JobId.TryParse(job, out _))
            || After(key, StoreKeys.Idempotency(tenant, "")) is { Length: > 0 };
        return isOurs ? tenant.Value : null;
    }

    private static bool IsOnWrittenList(string key)
    {
        if (key is StoreKeys.Tenants or StoreKeys.Archive or StoreKeys.Deletions or StoreKeys.Workers or StoreKeys.Leader)
        {
            return true;
        }

        var at = key.IndexOf("{pool:", StringComparison.Ordinal);
        if (at < 0 || !key.EndsWith('}'))
        {
            return false;
        }

        var pool = key[(at + "{pool:".Length)..^1];
        return JobSubmissionRules.IsPool(pool)
            && (key == StoreKeys.Ready(pool) || key == StoreKeys.Fresh(pool) || key == StoreKeys.Generations(pool) || key == StoreKeys.Wake(pool));
    }

    private static string? After(string key, string beginning) =>
        key.StartsWith(beginning, StringComparison.Ordinal) ? key[beginning.Length..] : null;
}
