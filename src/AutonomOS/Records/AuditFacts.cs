using System.Globalization;
using System.Text.Json.Nodes;

namespace AutonomOS.Records;

/// <summary>What the audit log says of a row before and after an act. Fields are named one by one, so that none comes in unasked: no secret, and no hash of one, is ever among them.</summary>
internal static class AuditFacts
{
    public static string Of(TenantRow tenant) => new JsonObject
    {
        ["epoch"] = tenant.Epoch,
        ["version"] = tenant.Version,
        ["status"] = TenantStatusText.Of(tenant.Status),
        ["weight"] = tenant.Weight,
        ["max_concurrent"] = tenant.MaxConcurrent,
        ["max_queued"] = tenant.MaxQueued,
        ["payload_bytes_max"] = tenant.PayloadBytesMax,
        ["result_bytes_max"] = tenant.ResultBytesMax,
        ["error_bytes_max"] = tenant.ErrorBytesMax,
        ["total_payload_bytes_max"] = tenant.TotalPayloadBytesMax,
        ["retention_seconds"] = tenant.RetentionSeconds,
    }.ToJsonString();

    public static string Of(ApiKeyRow key) => new JsonObject
    {
        ["key_id"] = key.Id,
        ["created_at"] = Instant(key.CreatedAt),
        ["revoked_at"] = key.RevokedAt is { } revoked ? Instant(revoked) : null,
    }.ToJsonString();

    /// <summary>A rotation touches two keys.</summary>
    public static string Of(ApiKeyRow old, ApiKeyRow made) => new JsonObject
    {
        ["key_id"] = old.Id,
        ["revoked_at"] = Instant(old.RevokedAt!.Value),
        ["replaced_by"] = made.Id,
    }.ToJsonString();

    private static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffK", CultureInfo.InvariantCulture);
}
