using System.Text.Json.Serialization;

namespace Partywall.History;

/// <summary>The name and version of the history's format. It is described in <c>docs/history.md</c>.</summary>
public static class HistoryFormat
{
    /// <summary>Stands in every header.</summary>
    public const string Name = "partywall-history";

    /// <summary>The version written, and the only one read.</summary>
    public const int Version = 1;

    /// <summary>The longest line, in bytes. A longer one is not a history's.</summary>
    public const int LineBytesMax = 4 * 1024 * 1024;
}

/// <summary>Generated serialization of history events.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(HistoryEvent))]
internal sealed partial class HistoryJson : JsonSerializerContext;
