using System.Text;
using System.Text.Json;

namespace AutonomOS.Workers;

/// <summary>What a handler returns: bytes, opaque to the platform. Over the HTTP API a result that is JSON is shown as JSON.</summary>
public sealed class JobResult
{
    private JobResult(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>The result as stored.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>A result of bytes. They must not change afterwards.</summary>
    public static JobResult FromBytes(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <summary>A result of text, stored as UTF-8.</summary>
    public static JobResult FromText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>A result stored as JSON.</summary>
    /// <exception cref="NotSupportedException">The value cannot be written as JSON.</exception>
    public static JobResult Json<T>(T value, JsonSerializerOptions? options = null) =>
        new(JsonSerializer.SerializeToUtf8Bytes(value, options ?? JsonSerializerOptions.Web));
}
