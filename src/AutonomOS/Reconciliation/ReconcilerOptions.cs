using System.ComponentModel.DataAnnotations;
using AutonomOS.Archiving;
using AutonomOS.Workers;

namespace AutonomOS.Reconciliation;

/// <summary>How the reconciler works. The defaults go with the workers' default lease.</summary>
public sealed record ReconcilerOptions
{
    /// <summary>The workers' lease, in milliseconds: how long a grace lasts. 200 to 600,000; default 8,000.</summary>
    [Range(200, 600_000)]
    public int LeaseMs { get; init; } = ClaimRequest.DefaultLeaseMs;

    /// <summary>
    /// Every tenant is visited at least this often, in milliseconds; half a lease at most, so that no lease can lapse
    /// unseen between two visits. 100 to 60,000; default 4,000.
    /// </summary>
    [Range(100, 60_000)]
    public int AuditIntervalMs { get; init; } = 4000;

    /// <summary>How late a due visit may be, in milliseconds. 10 to 250; default 100.</summary>
    [Range(10, 250)]
    public int TickMs { get; init; } = 100;

    /// <summary>Sweeps further apart than this, in milliseconds, start a grace of one lease. Default 2,000.</summary>
    [Range(100, 60_000)]
    public int GapMs { get; init; } = 2000;

    /// <summary>The store's clock and the monotonic one may disagree by this much between two sweeps, in milliseconds, before a grace of one lease starts. Default 500.</summary>
    [Range(10, 10_000)]
    public int ClockStepMs { get; init; } = 500;

    /// <summary>How long leadership lasts without being renewed, in milliseconds. Default 3,000.</summary>
    [Range(200, 60_000)]
    public int LeadershipMs { get; init; } = 3000;

    /// <summary>Leases a job may lose before it is failed as poison. Default 5.</summary>
    [Range(1, 100)]
    public int LeasesLostMax { get; init; } = Storage.RedisJobStore.LeasesLostMax;

    /// <summary>How long finished jobs stay in the store; as the archiver's.</summary>
    public FinishedJobsOptions Finished { get; init; } = new();
}
