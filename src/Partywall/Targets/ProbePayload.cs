using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Partywall.Targets;

/// <summary>The body's instructions, as they travel through the system in a job's payload (a JSON object).</summary>
/// <param name="Label">See <see cref="ProbeJob.Label"/>.</param>
/// <param name="DurationMs">See <see cref="ProbeJob.DurationMs"/>. 0 to <see cref="DurationMsMax"/>.</param>
/// <param name="ProgressSteps">See <see cref="ProbeJob.ProgressSteps"/>. 0 to 100.</param>
/// <param name="FailFirstAttempts">See <see cref="ProbeJob.FailFirstAttempts"/>. 0 or more.</param>
/// <param name="Canary">See <see cref="ProbeJob.Canary"/>.</param>
public sealed record ProbePayload(string Label, int DurationMs, int ProgressSteps, int FailFirstAttempts, string? Canary)
{
    /// <summary>The job type under which probe jobs are submitted where a system has job types.</summary>
    public const string JobType = "partywall.probe";

    /// <summary>The longest body, in milliseconds: one hour.</summary>
    public const int DurationMsMax = 3_600_000;

    /// <summary>The payload as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ProbePayloadJson.Default.ProbePayload);

    /// <summary>Reads a payload back.</summary>
    /// <param name="json">UTF-8 JSON as written by <see cref="ToJson"/>.</param>
    /// <param name="payload">The payload, when it is one.</param>
    /// <param name="error">What is wrong with it otherwise.</param>
    /// <returns>Whether the bytes are a probe payload.</returns>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out ProbePayload? payload, [NotNullWhen(false)] out string? error)
    {
        payload = null;
        ProbePayload? read;
        try
        {
            read = JsonSerializer.Deserialize(json, ProbePayloadJson.Default.ProbePayload);
        }
        catch (JsonException e)
        {
            error = "Not a probe payload: " + e.Message;
            return false;
        }

        error = read switch
        {
            null => "Not a probe payload: null.",
            { Label: null or "" } => "A probe payload needs a label.",
            { DurationMs: < 0 or > DurationMsMax } => $"durationMs must be between 0 and {DurationMsMax}.",
            { ProgressSteps: < 0 or > 100 } => "progressSteps must be between 0 and 100.",
            { FailFirstAttempts: < 0 } => "failFirstAttempts must not be negative.",
            _ => null,
        };
        if (error is not null)
        {
            return false;
        }

        payload = read!;
        return true;
    }
}

/// <summary>Generated serialization of <see cref="ProbePayload"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ProbePayload))]
internal sealed partial class ProbePayloadJson : JsonSerializerContext;
