using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace AutonomOS.Host.Api;

/// <summary>A JSON value that is passed through byte for byte: no number is rounded, no key reordered, no escape rewritten.</summary>
/// <remarks>An instance holds valid JSON in valid UTF-8, always: both ways in check it.</remarks>
[JsonConverter(typeof(Converter))]
internal readonly struct RawJson
{
    private static readonly byte[] Null = "null"u8.ToArray();

    private readonly byte[]? _bytes;

    private RawJson(byte[] bytes) => _bytes = bytes;

    public ReadOnlyMemory<byte> Bytes => _bytes ?? Null;

    /// <summary>Takes bytes that may be JSON.</summary>
    /// <returns>False when they are not.</returns>
    public static bool TryCreate(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out RawJson? json)
    {
        json = null;
        if (bytes.IsEmpty || !Utf8.IsValid(bytes.Span))
        {
            return false;
        }

        var reader = new Utf8JsonReader(bytes.Span);
        try
        {
            while (reader.Read())
            {
            }
        }
        catch (JsonException)
        {
            return false;
        }

        json = new RawJson(bytes.ToArray());
        return true;
    }

    internal sealed class Converter : JsonConverter<RawJson>
    {
        /// <summary>A JSON null is a value like any other here.</summary>
        public override bool HandleNull => true;

        public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            var bytes = JsonMarshal.GetRawUtf8Value(document.RootElement);
            return Utf8.IsValid(bytes) ? new RawJson(bytes.ToArray()) : throw new JsonException("The value is not valid UTF-8.");
        }

        public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.Bytes.Span, skipInputValidation: true);
    }
}
