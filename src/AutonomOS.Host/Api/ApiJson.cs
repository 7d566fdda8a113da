using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using AutonomOS.Jobs;
using AutonomOS.Tenants;

namespace AutonomOS.Host.Api;

/// <summary>The JSON of the API: snake_case, nothing unknown taken, nothing given twice.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = false,
    Converters = [typeof(SnakeCaseEnum<JobState>), typeof(SnakeCaseEnum<WaitReason>), typeof(SnakeCaseEnum<TenantStatus>)])]
[JsonSerializable(typeof(ApiProblem))]
[JsonSerializable(typeof(CreateTenantRequest))]
[JsonSerializable(typeof(ChangeTenantRequest))]
[JsonSerializable(typeof(TenantView))]
[JsonSerializable(typeof(TenantListView))]
[JsonSerializable(typeof(IssuedKeyView))]
[JsonSerializable(typeof(RotatedKeyView))]
[JsonSerializable(typeof(KeyListView))]
[JsonSerializable(typeof(AuditListView))]
[JsonSerializable(typeof(SubmitRequest))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(SubmittedView))]
[JsonSerializable(typeof(BatchView))]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(JobListView))]
[JsonSerializable(typeof(AdminJobListView))]
[JsonSerializable(typeof(CancelView))]
[JsonSerializable(typeof(RetryView))]
[JsonSerializable(typeof(JobEventView))]
[JsonSerializable(typeof(UsageView))]
[JsonSerializable(typeof(WorkerListView))]
[JsonSerializable(typeof(HealthView))]
internal sealed partial class ApiJson : JsonSerializerContext;

/// <summary>The instance in use.</summary>
internal static class ApiFormat
{
    /// <summary>
    /// As generated, but text is escaped only where JSON asks for it. The stricter default guards JSON that is put into
    /// HTML; ours is served as what it is, with <c>nosniff</c>.
    /// </summary>
    public static ApiJson Json { get; } = new(new JsonSerializerOptions(ApiJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>An enum as its names in snake_case, never as a number.</summary>
internal sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
