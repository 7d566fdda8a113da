using System.ComponentModel.DataAnnotations;

namespace AutonomOS.Tenants;

/// <summary>What one tenant may use. Changes take effect while jobs run: a lowered limit takes no slot from a running job.</summary>
public sealed record TenantLimits
{
    /// <summary>Slots: jobs of this tenant that may run at once, over all pools. 1 to 10,000; default 5.</summary>
    [Range(1, 10_000)]
    public int MaxConcurrent { get; init; } = 5;

    /// <summary>
    /// Backlog: jobs that may wait beyond the slots. A submission is admitted while
    /// <c>pending + running &lt; MaxConcurrent + MaxQueued</c>. 0 is the strict mode: a sixth job beside five is refused
    /// at once. 0 to 10,000,000; default 10,000.
    /// </summary>
    [Range(0, 10_000_000)]
    public int MaxQueued { get; init; } = 10_000;

    /// <summary>The largest payload of one job, in bytes. 1 KiB to 4 MiB; default 256 KiB.</summary>
    [Range(1024, 4 * 1024 * 1024)]
    public int PayloadBytesMax { get; init; } = 256 * 1024;

    /// <summary>The largest result of one job, in bytes; a larger one fails the job. 1 KiB to 4 MiB; default 256 KiB.</summary>
    [Range(1024, 4 * 1024 * 1024)]
    public int ResultBytesMax { get; init; } = 256 * 1024;

    /// <summary>The longest error text of one job, in bytes; a longer one is cut off. 256 B to 64 KiB; default 8 KiB.</summary>
    [Range(256, 64 * 1024)]
    public int ErrorBytesMax { get; init; } = 8 * 1024;

    /// <summary>The payload bytes that the tenant's unfinished jobs may hold together. 1 KiB to 16 GiB; default 256 MiB.</summary>
    [Range(1024, 16L * 1024 * 1024 * 1024)]
    public long TotalPayloadBytesMax { get; init; } = 256L * 1024 * 1024;

    /// <summary>How long a finished job stays readable, in seconds. 1 s to 30 days; default 24 h.</summary>
    [Range(1, 30 * 24 * 3600)]
    public int RetentionSeconds { get; init; } = 24 * 3600;

    /// <summary>Pools that the tenant may send work to in one life (epoch); one it has used stays counted. Fixed, so that no script walks an unbounded list.</summary>
    public const int PoolsMax = 16;
}
