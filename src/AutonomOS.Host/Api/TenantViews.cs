using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using AutonomOS.Records;
using AutonomOS.Tenants;

namespace AutonomOS.Host.Api;

/// <summary>The weight and limits that a request may set; what is absent keeps its default (on creation) or its value (on change).</summary>
internal record ChangeTenantRequest
{
    [Description("The tenant's share of slot time against other tenants that want it too, 1 to 1000; default 1.")]
    public int? Weight { get; init; }

    [Description("Jobs of this tenant that may run at once, over all pools; default 5.")]
    public int? MaxConcurrent { get; init; }

    [Description("Jobs that may wait beyond those that run; 0 is the strict mode; default 10000.")]
    public int? MaxQueued { get; init; }

    [Description("The largest payload of one job, in bytes; default 262144.")]
    public int? PayloadBytesMax { get; init; }

    [Description("The largest result of one job, in bytes; default 262144.")]
    public int? ResultBytesMax { get; init; }

    [Description("The longest error text of one job, in bytes; default 8192.")]
    public int? ErrorBytesMax { get; init; }

    [Description("The payload bytes of all unfinished jobs together; default 268435456.")]
    public long? TotalPayloadBytesMax { get; init; }

    [Description("How long a finished job stays readable, in seconds; default 86400.")]
    public int? RetentionSeconds { get; init; }
}

/// <summary>A new tenant.</summary>
internal sealed record CreateTenantRequest : ChangeTenantRequest
{
    [Required]
    [Description("1 to 64 characters of A-Z a-z 0-9 . _ - beginning with a letter or digit; case-sensitive.")]
    public string? Id { get; init; }
}

/// <summary>A tenant.</summary>
internal sealed record TenantView(
    string Id,
    long Epoch,
    TenantStatus Status,
    long Version,
    int Weight,
    int MaxConcurrent,
    int MaxQueued,
    int PayloadBytesMax,
    int ResultBytesMax,
    int ErrorBytesMax,
    long TotalPayloadBytesMax,
    int RetentionSeconds,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    [property: Description("Whether the store has this version. False while the store is away; it is told when it is back.")] bool Applied)
{
    public static TenantView Of(Tenant tenant)
    {
        var limits = tenant.Settings.Limits;
        return new TenantView(
            tenant.Settings.Id.Value,
            tenant.Settings.Epoch,
            tenant.Settings.Status,
            tenant.Settings.Version,
            tenant.Settings.Weight,
            limits.MaxConcurrent,
            limits.MaxQueued,
            limits.PayloadBytesMax,
            limits.ResultBytesMax,
            limits.ErrorBytesMax,
            limits.TotalPayloadBytesMax,
            limits.RetentionSeconds,
            tenant.CreatedAt,
            tenant.UpdatedAt,
            tenant.Applied);
    }
}

/// <summary>A page of tenants.</summary>
internal sealed record TenantListView(IReadOnlyList<TenantView> Tenants, string? NextCursor);

/// <summary>A key just issued.</summary>
internal sealed record IssuedKeyView(string KeyId, [property: Description("Shown this once.")] string ApiKey, DateTimeOffset CreatedAt);

/// <summary>A key just issued in place of another.</summary>
internal sealed record RotatedKeyView(
    string KeyId,
    [property: Description("Shown this once.")] string ApiKey,
    DateTimeOffset CreatedAt,
    [property: Description("The old key.")] string ReplacedKeyId,
    [property: Description("From when on the old key is refused.")] DateTimeOffset ReplacedKeyRevokedAt);

/// <summary>A key without its secret.</summary>
internal sealed record KeyView(
    string KeyId,
    DateTimeOffset CreatedAt,
    [property: Description("From when on it is refused; lies ahead for a key that was rotated. Null while no end is set.")] DateTimeOffset? RevokedAt);

/// <summary>A tenant's keys.</summary>
internal sealed record KeyListView(IReadOnlyList<KeyView> Keys);

/// <summary>Something that was done to a tenant or its keys.</summary>
internal sealed record AuditEntryView(
    string Id,
    DateTimeOffset At,
    string Tenant,
    [property: Description("admin, or system:PART for what the program itself finished.")] string Actor,
    [property: Description("The address the request came from, as the server sees it.")] string? Origin,
    string Action,
    [property: Description("What there was before.")] RawJson? Before,
    [property: Description("What there was after.")] RawJson? After);

/// <summary>A page of the audit log, newest first.</summary>
internal sealed record AuditListView(IReadOnlyList<AuditEntryView> Entries, string? NextCursor);

/// <summary>What a tenant holds now.</summary>
internal sealed record UsageView(
    string Tenant,
    long Epoch,
    TenantStatus Status,
    int Weight,
    int MaxConcurrent,
    int MaxQueued,
    int Running,
    int Queued,
    int Delayed,
    int Active,
    long PayloadBytes,
    long ServedMs,
    int Finished)
{
    public static UsageView Of(TenantUsage usage) => new(
        usage.Settings.Id.Value,
        usage.Settings.Epoch,
        usage.Settings.Status,
        usage.Settings.Weight,
        usage.Settings.Limits.MaxConcurrent,
        usage.Settings.Limits.MaxQueued,
        usage.Running,
        usage.Queued,
        usage.Delayed,
        usage.Active,
        usage.PayloadBytes,
        usage.ServedMs,
        usage.Finished);
}

/// <summary>A worker as it last spoke of itself.</summary>
internal sealed record WorkerView(string Id, string Pool, int Slots, int Running, bool Draining, string Host, DateTimeOffset SeenAt);

/// <summary>The workers that said something within the last minute.</summary>
internal sealed record WorkerListView(IReadOnlyList<WorkerView> Workers);

/// <summary>How the server is.</summary>
internal sealed record HealthView(
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("delayed while the records do not take finished jobs, which then wait in the store; absent otherwise.")] string? Archive = null);
