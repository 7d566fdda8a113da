using AutonomOS.Host.Api;

namespace AutonomOS.Host.Serving;

/// <summary>What <c>autonomos serve</c> was asked for, checked.</summary>
internal sealed record ServeOptions
{
    public required ListenAddress Listen { get; init; }

    public required string Data { get; init; }

    public required StoreAddress Store { get; init; }

    public bool StoreTls { get; init; }

    public string? StorePassword { get; init; }

    public RecordsAddress Records { get; init; } = RecordsAddress.Sqlite;

    /// <summary>Slots of the demo worker in this process; 0 for none.</summary>
    public int Workers { get; init; }

    public int CommitWindowMs { get; init; }

    public int DrainSeconds { get; init; }

    /// <summary>How long a finished job stays in the store.</summary>
    public int LiveSeconds { get; init; }

    public TenantRateOptions Rates { get; init; } = new();

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;
}
