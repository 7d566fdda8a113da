using AutonomOS.Jobs;
using AutonomOS.Tenants;

namespace AutonomOS.Workers;

/// <summary>A job under a lease: what a claim hands to a worker.</summary>
public sealed record LeasedJob
{
    /// <summary>The tenant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>The job.</summary>
    public required JobId Id { get; init; }

    /// <summary>To be shown at every transition.</summary>
    public required Fence Fence { get; init; }

    /// <summary>Which handler runs it.</summary>
    public required string Type { get; init; }

    /// <summary>The pool it was claimed from.</summary>
    public required string Pool { get; init; }

    /// <summary>The payload as it was handed in.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Handler failures before this attempt.</summary>
    public int Failures { get; init; }

    /// <summary>Handler failures after which the job is failed.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>How long this attempt may run, in milliseconds.</summary>
    public long TimeoutMs { get; init; }

    /// <summary>The tenant's largest result, in bytes.</summary>
    public int ResultBytesMax { get; init; }

    /// <summary>The tenant's longest error text, in bytes.</summary>
    public int ErrorBytesMax { get; init; }
}
