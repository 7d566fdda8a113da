using AutonomOS.Storage;
using AutonomOS.Tenants;
using StackExchange.Redis;

namespace AutonomOS.Tests.Conformance;

/// <summary>
/// Looks at a tenant's structures in the store themselves and says what does not add up. It knows the layout from the
/// table of keys and nothing of the scripts, so it is a second opinion on them.
/// </summary>
public sealed class TenantAudit
{
    private readonly List<string> _faults = [];

    private TenantAudit()
    {
    }

    /// <summary>What does not add up; empty when everything does.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>State of each job that has one.</summary>
    public IDictionary<string, string> States { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Looks. Nothing may be writing meanwhile.</summary>
    /// <param name="connection">To the store.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="keys">Every key of the tenant.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public static async Task<TenantAudit> TakeAsync(StoreConnection connection, TenantId tenant, IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        var audit = new TenantAudit();
        var statePrefix = StoreKeys.State(tenant, "");
        var queuePrefix = StoreKeys.Queue(tenant, "");
        var queued = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in keys.Where(k => k.StartsWith(queuePrefix, StringComparison.Ordinal)))
        {
            foreach (var id in await MembersAsync(key))
            {
                if (!queued.TryAdd(id, key[queuePrefix.Length..]))
                {
                    audit._faults.Add($"{id} is in two queues");
                }
            }
        }

        var delayed = (await MembersAsync(StoreKeys.Delayed(tenant))).ToHashSet(StringComparer.Ordinal);
        var slots = (await MembersAsync(StoreKeys.Semaphore(tenant))).ToHashSet(StringComparer.Ordinal);
        var index = (await MembersAsync(StoreKeys.Jobs(tenant))).ToHashSet(StringComparer.Ordinal);
        var settled = (await MembersAsync(StoreKeys.Settled(tenant))).ToHashSet(StringComparer.Ordinal);
        var pools = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in keys.Where(k => k.StartsWith(statePrefix, StringComparison.Ordinal)))
        {
            var id = key[statePrefix.Length..];
            var fields = await connection.RunAsync(db => db.HashGetAsync(key, ["st", "po"]), write: false, cancellation);
            audit.States[id] = fields[0].ToString();
            pools[id] = fields[1].ToString();
        }

        foreach (var (id, state) in audit.States)
        {
            var places = (queued.ContainsKey(id) ? 1 : 0) + (delayed.Contains(id) ? 1 : 0) + (slots.Contains(id) ? 1 : 0);
            if (state is "completed" or "failed" or "cancelled")
            {
                // Before that the outbox may hold it already: its entry waits for a final state.
                places += settled.Contains(id) ? 1 : 0;
            }

            audit.Check(places == 1, $"{id} ({state}) is in {places} places");
            audit.Check(index.Contains(id), $"{id} ({state}) is not in the jobs index");
            audit.Check(
                state switch
                {
                    "pending" => queued.ContainsKey(id) || delayed.Contains(id),
                    "running" => slots.Contains(id),
                    "completed" or "failed" or "cancelled" => settled.Contains(id),
                    _ => false,
                },
                $"{id} ({state}) is in the wrong place");
            audit.Check(!queued.TryGetValue(id, out var pool) || pool == pools[id], $"{id} is queued in pool {pool} and belongs to {pools[id]}");
        }

        foreach (var (name, members) in new (string, IEnumerable<string>)[] { ("queue", queued.Keys), ("delayed set", delayed), ("semaphore", slots), ("jobs index", index), ("outbox", settled) })
        {
            foreach (var id in members.Where(id => !audit.States.ContainsKey(id)))
            {
                audit._faults.Add($"{id} is in the {name} and has no state");
            }
        }

        return audit;

        async Task<string[]> MembersAsync(string key) =>
            (await connection.RunAsync(db => db.SortedSetRangeByRankAsync(key), write: false, cancellation)).ToStringArray()!;
    }

    private void Check(bool holds, string fault)
    {
        if (!holds)
        {
            _faults.Add(fault);
        }
    }
}
