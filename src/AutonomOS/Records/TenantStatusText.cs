using AutonomOS.Tenants;

namespace AutonomOS.Records;

/// <summary>How a tenant's status is written in the records. Text, so that a row can be read by eye and a reordered enum changes nothing.</summary>
internal static class TenantStatusText
{
    public static string Of(TenantStatus status) => status switch
    {
        TenantStatus.Active => "active",
        TenantStatus.Suspended => "suspended",
        TenantStatus.Deleting => "deleting",
        TenantStatus.Deleted => "deleted",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Not a tenant status."),
    };

    public static TenantStatus Parse(string text) => text switch
    {
        "active" => TenantStatus.Active,
        "suspended" => TenantStatus.Suspended,
        "deleting" => TenantStatus.Deleting,
        "deleted" => TenantStatus.Deleted,
        _ => throw new FormatException($"\"{text}\" is not a tenant status."),
    };
}
