using System.Security.Cryptography;
using System.Text;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Partywall.Targets;

namespace Partywall.AutonomOS.Store;

/// <summary>Looks at the store's keys from outside the system.</summary>
/// <param name="probe">The connection.</param>
/// <param name="foreign">Keys that were there before the run and are none of the system's.</param>
internal sealed class KeyInspection(StoreProbe probe, IReadOnlySet<string> foreign) : IKeyInspection, IHeldSlots
{
    // A tenant's meta field that holds a clock's reading: when its ready index was last told something.
    private static readonly string StampPrefix = Convert.ToHexStringLower("at:"u8);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<InspectedKey>> ListKeysAsync(CancellationToken cancellationToken)
    {
        var keys = await probe.KeysAsync(null, cancellationToken);
        return [.. keys.Where(k => !foreign.Contains(k)).Order(StringComparer.Ordinal).Select(KeyLayout.Classify)];
    }

    /// <inheritdoc/>
    public async Task<string> DigestAsync(string tenantId, CancellationToken cancellationToken)
    {
        var meta = StoreKeys.Meta(TenantId.Parse(tenantId));
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var key in await ListKeysAsync(cancellationToken))
        {
            if (key.Tenant == tenantId)
            {
                var contents = await probe.ContentsAsync(key.Key, cancellationToken);
                Add(key.Key);
                foreach (var entry in contents.Where(e => key.Key != meta || !e.StartsWith(StampPrefix, StringComparison.Ordinal)))
                {
                    Add(entry);
                }

                Add("");
            }
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());

        void Add(string text)
        {
            digest.AppendData(Encoding.UTF8.GetBytes(text));
            digest.AppendData("\n"u8);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, int>> HeldSlotsAsync(IReadOnlyCollection<string> tenantIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tenantIds);
        var held = tenantIds.ToDictionary(
            static t => t,
            t => probe.RunAsync(
                db => db.SortedSetLengthAsync(StoreKeys.Semaphore(TenantId.Parse(t))), "count a semaphore", cancellationToken),
            StringComparer.Ordinal);
        await Task.WhenAll(held.Values);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (tenant, count) in held)
        {
            counts[tenant] = (int)await count;
        }

        return counts;
    }
}
