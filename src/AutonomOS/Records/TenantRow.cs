using AutonomOS.Tenants;

namespace AutonomOS.Records;

/// <summary>A tenant as the records keep it. The row of a deleted tenant stays as a tombstone, so that its epoch is never issued again.</summary>
internal sealed class TenantRow
{
    public required string Id { get; set; }

    public required long Epoch { get; set; }

    public required TenantStatus Status { get; set; }

    public required int Weight { get; set; }

    public required int MaxConcurrent { get; set; }

    public required int MaxQueued { get; set; }

    public required int PayloadBytesMax { get; set; }

    public required int ResultBytesMax { get; set; }

    public required int ErrorBytesMax { get; set; }

    public required long TotalPayloadBytesMax { get; set; }

    public required int RetentionSeconds { get; set; }

    /// <summary>Rises by one with each change; the optimistic-concurrency token.</summary>
    public required long Version { get; set; }

    public required DateTimeOffset CreatedAt { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public TenantSettings ToSettings() => new()
    {
        Id = TenantId.Parse(Id),
        Epoch = Epoch,
        Version = Version,
        Status = Status,
        Weight = Weight,
        Limits = new TenantLimits
        {
            MaxConcurrent = MaxConcurrent,
            MaxQueued = MaxQueued,
            PayloadBytesMax = PayloadBytesMax,
            ResultBytesMax = ResultBytesMax,
            ErrorBytesMax = ErrorBytesMax,
            TotalPayloadBytesMax = TotalPayloadBytesMax,
            RetentionSeconds = RetentionSeconds,
        },
    };

    public void Take(int weight, TenantLimits limits)
    {
        Weight = weight;
        MaxConcurrent = limits.MaxConcurrent;
        MaxQueued = limits.MaxQueued;
        PayloadBytesMax = limits.PayloadBytesMax;
        ResultBytesMax = limits.ResultBytesMax;
        ErrorBytesMax = limits.ErrorBytesMax;
        TotalPayloadBytesMax = limits.TotalPayloadBytesMax;
        RetentionSeconds = limits.RetentionSeconds;
    }
}
