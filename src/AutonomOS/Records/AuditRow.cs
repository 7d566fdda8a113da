namespace AutonomOS.Records;

/// <summary>An administrative act as the records keep it. Written with the act, never changed.</summary>
internal sealed class AuditRow
{
    public required string TenantId { get; set; }

    /// <summary>Microseconds since 1970 as 16 hexadecimal digits, then 16 random ones: sorts by time.</summary>
    public required string Id { get; set; }

    public required DateTimeOffset At { get; set; }

    public required string Actor { get; set; }

    public string? Origin { get; set; }

    public required string Action { get; set; }

    /// <summary>JSON; null where there was nothing before.</summary>
    public string? Before { get; set; }

    /// <summary>JSON; null where nothing was left.</summary>
    public string? After { get; set; }
}
