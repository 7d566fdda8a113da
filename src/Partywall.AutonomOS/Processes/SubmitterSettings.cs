using System.Text.Json;
using System.Text.Json.Serialization;

namespace Partywall.AutonomOS.Processes;

/// <summary>
/// What a submitter process is told beside its name and the witness's socket, which are its arguments: one line of JSON on its
/// standard input, because it holds keys, and others can read arguments.
/// </summary>
/// <param name="Api">The API's root.</param>
/// <param name="CallMsMax">The longest call of the API, in milliseconds; its outcome is then unknown.</param>
/// <param name="Keys">Tenant → key.</param>
internal sealed record SubmitterSettings(Uri Api, int CallMsMax, IReadOnlyDictionary<string, string> Keys)
{
    /// <summary>One line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SubmitterSettingsJson.Default.SubmitterSettings);

    /// <summary>Reads a line.</summary>
    /// <exception cref="JsonException">It is not one of <see cref="ToJson"/>'s.</exception>
    public static SubmitterSettings Parse(string line) =>
        JsonSerializer.Deserialize(line, SubmitterSettingsJson.Default.SubmitterSettings) ?? throw new JsonException("null is no setting.");

    /// <summary>The API alone: a log must not hold the keys.</summary>
    public override string ToString() => Api.ToString();
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SubmitterSettings))]
internal sealed partial class SubmitterSettingsJson : JsonSerializerContext;
