using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using AutonomOS.Tenants;

namespace AutonomOS.Host.Api;

/// <summary>Applies the weight and limits of a request, with the ranges that the limits themselves state.</summary>
internal static class TenantRequests
{
    /// <summary>What is wrong, by field; empty when nothing is.</summary>
    public static Dictionary<string, string[]> Check(ChangeTenantRequest request)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (request.Weight is < 1 or > TenantSettings.WeightMax)
        {
            errors["weight"] = [$"weight is from 1 to {TenantSettings.WeightMax}."];
        }

        Range("max_concurrent", request.MaxConcurrent, nameof(TenantLimits.MaxConcurrent));
        Range("max_queued", request.MaxQueued, nameof(TenantLimits.MaxQueued));
        Range("payload_bytes_max", request.PayloadBytesMax, nameof(TenantLimits.PayloadBytesMax));
        Range("result_bytes_max", request.ResultBytesMax, nameof(TenantLimits.ResultBytesMax));
        Range("error_bytes_max", request.ErrorBytesMax, nameof(TenantLimits.ErrorBytesMax));
        Range("total_payload_bytes_max", request.TotalPayloadBytesMax, nameof(TenantLimits.TotalPayloadBytesMax));
        Range("retention_seconds", request.RetentionSeconds, nameof(TenantLimits.RetentionSeconds));
        return errors;

        void Range(string field, long? value, string property)
        {
            var range = typeof(TenantLimits).GetProperty(property)!.GetCustomAttribute<RangeAttribute>()!;
            var min = Convert.ToInt64(range.Minimum, CultureInfo.InvariantCulture);
            var max = Convert.ToInt64(range.Maximum, CultureInfo.InvariantCulture);
            if (value < min || value > max)
            {
                errors[field] = [$"{field} is from {min} to {max}."];
            }
        }
    }

    public static (int Weight, TenantLimits Limits) Apply(ChangeTenantRequest request, int weight, TenantLimits limits) =>
        (request.Weight ?? weight, limits with
        {
            MaxConcurrent = request.MaxConcurrent ?? limits.MaxConcurrent,
            MaxQueued = request.MaxQueued ?? limits.MaxQueued,
            PayloadBytesMax = request.PayloadBytesMax ?? limits.PayloadBytesMax,
            ResultBytesMax = request.ResultBytesMax ?? limits.ResultBytesMax,
            ErrorBytesMax = request.ErrorBytesMax ?? limits.ErrorBytesMax,
            TotalPayloadBytesMax = request.TotalPayloadBytesMax ?? limits.TotalPayloadBytesMax,
            RetentionSeconds = request.RetentionSeconds ?? limits.RetentionSeconds,
        });
}
