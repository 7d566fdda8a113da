using AutonomOS.Tenants;

namespace AutonomOS.Records;

/// <summary>A tenant as the records know it.</summary>
/// <param name="Settings">Id, epoch, version, status, weight, limits.</param>
/// <param name="CreatedAt">When this id was first given out.</param>
/// <param name="UpdatedAt">When this version was written.</param>
/// <param name="Applied">
/// Whether this process knows that the store has this version. A change is written to the records first; while the store
/// is away it is false, and <see cref="TenantPublisher"/> makes up for it.
/// </param>
public sealed record Tenant(TenantSettings Settings, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, bool Applied);

/// <summary>One page of tenants, in ordinal order of their ids.</summary>
/// <param name="Tenants">The tenants.</param>
/// <param name="Next">The id after which the next page begins; null at the end.</param>
public sealed record TenantPage(IReadOnlyList<Tenant> Tenants, TenantId? Next);

/// <summary>What became of a change of a tenant.</summary>
/// <param name="Status">Done, or why not.</param>
/// <param name="Tenant">The tenant after the change, or as it is where the change was refused; null when there is none.</param>
public sealed record TenantChangeResult(TenantChangeStatus Status, Tenant? Tenant);

/// <summary>The ways a change of a tenant can end.</summary>
public enum TenantChangeStatus
{
    /// <summary>Written (or already so, for a change of status).</summary>
    Done,

    /// <summary>There is no such tenant.</summary>
    NotFound,

    /// <summary>The id is taken.</summary>
    Exists,

    /// <summary>The tenant's version is not the expected one.</summary>
    VersionConflict,

    /// <summary>The tenant is on its way out or gone.</summary>
    Gone,

    /// <summary>The tenant has <see cref="TenantRegistry.KeysMax"/> keys in force.</summary>
    TooManyKeys,

    /// <summary>The tenant has no such key.</summary>
    NoSuchKey,

    /// <summary>The key is revoked.</summary>
    KeyRevoked,
}

/// <summary>A key just issued: the only time its secret is to be had.</summary>
/// <param name="Status">Done, or why not.</param>
/// <param name="Key">The key, when done.</param>
/// <param name="CreatedAt">When it was issued.</param>
public sealed record IssuedKey(TenantChangeStatus Status, ApiKey? Key, DateTimeOffset CreatedAt);

/// <summary>A key just issued in place of another.</summary>
/// <param name="Status">Done, or why not.</param>
/// <param name="Key">The new key, when done.</param>
/// <param name="CreatedAt">When it was issued.</param>
/// <param name="OldRevokedAt">From when on the old one is refused, when done.</param>
public sealed record RotatedKey(TenantChangeStatus Status, ApiKey? Key, DateTimeOffset CreatedAt, DateTimeOffset OldRevokedAt);

/// <summary>A key as lists show it.</summary>
/// <param name="Id">Its public half.</param>
/// <param name="CreatedAt">When it was issued.</param>
/// <param name="RevokedAt">From when on it is refused; may lie ahead, for a key that was rotated. Null while no end is set.</param>
public sealed record ApiKeyInfo(string Id, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);
