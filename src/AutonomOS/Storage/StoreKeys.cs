using AutonomOS.Tenants;

namespace AutonomOS.Storage;

/// <summary>
/// The keys of the store. Braces are literal: the cluster's hash tag. All keys of a tenant share <c>{T}</c> and so a
/// slot; a pool's index lives in the slot of <c>{pool:NAME}</c>.
/// </summary>
/// <remarks>
/// Ids and pool names are checked before they get here and contain no brace, colon or wildcard; an idempotency key may
/// contain anything printable, and stands last. Lua builds the same names from the same two prefixes: see
/// <c>Storage/Scripts/prelude.lua</c>.
/// </remarks>
public static class StoreKeys
{
    /// <summary>Everything of ours begins with this.</summary>
    public const string Root = "job:";

    /// <summary>Tenants to visit by the reconciler: tenant → next visit, unix ms. Owned by no tenant.</summary>
    public const string Tenants = "job:tenants";

    /// <summary>Heartbeats. Owned by no tenant.</summary>
    public const string Workers = "job:workers";

    /// <summary>Who reconciles. Owned by no tenant.</summary>
    public const string Leader = "job:leader";

    /// <summary>Tenants with finished jobs to archive: tenant → when to be looked at, unix ms. Owned by no tenant.</summary>
    public const string Archive = "job:archive";

    /// <summary>Tenants that are being deleted: tenant → next turn, unix ms. Owned by no tenant.</summary>
    public const string Deletions = "job:deletions";

    /// <summary>Limits, weight, status, epoch, counters, generations.</summary>
    public static string Meta(TenantId tenant) => $"job:meta:tenant:{{{tenant.Value}}}";

    /// <summary>The semaphore: job id → lease expiry. The guard that every tenant script declares.</summary>
    public static string Semaphore(TenantId tenant) => $"job:semaphore:tenant:{{{tenant.Value}}}";

    /// <summary>The queue of one pool: job id → priority band + sequence.</summary>
    public static string Queue(TenantId tenant, string pool) => $"job:queue:tenant:{{{tenant.Value}}}:pool:{pool}";

    /// <summary>Scheduled and retrying jobs: job id → due time.</summary>
    public static string Delayed(TenantId tenant) => $"job:delayed:tenant:{{{tenant.Value}}}";

    /// <summary>One job.</summary>
    public static string State(TenantId tenant, string id) => $"job:state:tenant:{{{tenant.Value}}}:job:{id}";

    /// <summary>All jobs of the tenant: job id → sequence.</summary>
    public static string Jobs(TenantId tenant) => $"job:jobs:tenant:{{{tenant.Value}}}";

    /// <summary>One idempotency key.</summary>
    public static string Idempotency(TenantId tenant, string key) => $"job:idempotency:tenant:{{{tenant.Value}}}:{key}";

    /// <summary>The tenant's idempotency keys: key → when it lapses. What is purged has to be found without a pattern.</summary>
    public static string Keyed(TenantId tenant) => $"job:keys:tenant:{{{tenant.Value}}}";

    /// <summary>Outcomes on their way to the records: job id → finish time.</summary>
    public static string Settled(TenantId tenant) => $"job:settled:tenant:{{{tenant.Value}}}";

    /// <summary>Entries that had no job behind them, kept for people to look at: job id → time found.</summary>
    public static string Repair(TenantId tenant) => $"job:repair:tenant:{{{tenant.Value}}}";

    /// <summary>The channel (no key) of a tenant's job events.</summary>
    public static string Progress(TenantId tenant, long epoch) => $"job:progress:tenant:{{{tenant.Value}}}:epoch:{epoch}";

    /// <summary>A pool's ready index: tenant → start tag.</summary>
    public static string Ready(string pool) => $"job:ready:{{pool:{pool}}}";

    /// <summary>The ready tenants of a pool that run nothing, for the reserve: tenant → start tag.</summary>
    public static string Fresh(string pool) => $"job:fresh:{{pool:{pool}}}";

    /// <summary>A pool's generations and virtual times.</summary>
    public static string Generations(string pool) => $"job:gens:{{pool:{pool}}}";

    /// <summary>Workers of a pool that wait for work: worker → since when.</summary>
    public static string Wake(string pool) => $"job:wake:{{pool:{pool}}}";

    /// <summary>The channel (no key) of one worker.</summary>
    public static string Inbox(string pool, string workerId) => $"job:inbox:{{pool:{pool}}}:{workerId}";
}
