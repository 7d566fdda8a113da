using System.ComponentModel.DataAnnotations;

namespace AutonomOS.Tenants;

/// <summary>What the store must know of a tenant to admit, dispatch and fence its jobs.</summary>
public sealed record TenantSettings
{
    /// <summary>The tenant.</summary>
    public required TenantId Id { get; init; }

    /// <summary>
    /// Which life of the id this is: issued by the records, rising, never reused. 1 to 1,048,576 (2^20), so that an
    /// epoch-major index generation stays below 2^53.
    /// </summary>
    [Range(1, EpochMax)]
    public required long Epoch { get; init; }

    /// <summary>The version of these settings, issued by the records; an older one never overwrites a newer one.</summary>
    public long Version { get; init; } = 1;

    /// <summary>Default <see cref="TenantStatus.Active"/>.</summary>
    public TenantStatus Status { get; init; } = TenantStatus.Active;

    /// <summary>The tenant's share of slot time against other tenants that want it too. 1 to 1,000; default 1.</summary>
    [Range(1, WeightMax)]
    public int Weight { get; init; } = 1;

    /// <summary>Limits; the defaults are stated there.</summary>
    public TenantLimits Limits { get; init; } = new();

    /// <summary>The largest epoch.</summary>
    public const long EpochMax = 1 << 20;

    /// <summary>The largest weight.</summary>
    public const int WeightMax = 1000;
}
