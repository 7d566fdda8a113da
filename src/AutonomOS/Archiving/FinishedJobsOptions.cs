using System.ComponentModel.DataAnnotations;

namespace AutonomOS.Archiving;

/// <summary>How long finished jobs stay in the store before the records have them alone. A tenant's retention, where it is shorter, ends both.</summary>
public sealed record FinishedJobsOptions
{
    /// <summary>A finished job stays in the store this long, in milliseconds. 1,000 to 86,400,000; default 900,000 (15 min).</summary>
    [Range(1000, 86_400_000)]
    public long LiveMs { get; init; } = 900_000;

    /// <summary>Finished jobs that one tenant may have in the store for that long; beyond, the oldest leave earlier. 0 to 1,000,000; default 10,000.</summary>
    [Range(0, 1_000_000)]
    public int LiveMax { get; init; } = 10_000;

    /// <summary>
    /// Finished jobs that one tenant may have waiting while the records are away. Beyond, the oldest are dropped
    /// unarchived and counted; nothing else changes. 1 to 10,000,000; default 100,000.
    /// </summary>
    [Range(1, 10_000_000)]
    public int OutboxMax { get; init; } = 100_000;
}
