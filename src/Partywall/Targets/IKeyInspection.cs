namespace Partywall.Targets;

/// <summary>To whom a stored key belongs.</summary>
public enum KeyOwnership
{
    /// <summary>To the one tenant its name carries.</summary>
    Tenant,

    /// <summary>To no tenant, and it is on the system's written list of such keys.</summary>
    WrittenList,

    /// <summary>To nobody known: a finding.</summary>
    Unknown,
}

/// <summary>A key found in the system's store.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Ownership">To whom it belongs, by its name alone.</param>
/// <param name="Tenant">The tenant its name carries, whether or not such a tenant exists; null for the others.</param>
public sealed record InspectedKey(string Key, KeyOwnership Ownership, string? Tenant);

/// <summary>The capability to look at the system's store from outside.</summary>
public interface IKeyInspection : ITargetCapability
{
    /// <summary>Lists all keys of the store. Never by a command that blocks the store for the length of the keyspace.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<InspectedKey>> ListKeysAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A digest over the names and contents of one tenant's keys, the same for the same contents. Meaningful at rest;
    /// what changes by itself at rest (a clock, a remaining life time) is left out.
    /// </summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Lower-case hexadecimal.</returns>
    Task<string> DigestAsync(string tenantId, CancellationToken cancellationToken);
}
