using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace Partywall.History;

/// <summary>
/// Reads a history from its file, line by line. A history that was cut off in mid-line, or that lacks its end
/// record, reads up to there; <see cref="Cut"/> then says so. Anything else that is no history is one clear error.
/// </summary>
public sealed class HistoryReader
{
    private readonly string _path;

    /// <summary>Prepares to read a file.</summary>
    /// <param name="path">The file.</param>
    public HistoryReader(string path) => _path = path;

    /// <summary>After reading: why the history is not complete, in words; null when it is.</summary>
    public string? Cut { get; private set; }

    /// <summary>Reads the events in the file's order, the header first.</summary>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="HistoryException">The file cannot be opened, or holds something that is not a history of a known version.</exception>
    public async IAsyncEnumerable<HistoryEvent> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Cut = null;
        FileStream file;
        try
        {
            file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HistoryException($"Cannot read the history {_path}: {e.Message}", e);
        }

        var lines = PipeReader.Create(file, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
        try
        {
            long line = 0;
            var ended = false;
            while (true)
            {
                var read = await lines.ReadAsync(cancellationToken);
                var buffer = read.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } newline)
                {
                    line++;
                    var historyEvent = Parse(buffer.Slice(0, newline), line, ended);
                    buffer = buffer.Slice(buffer.GetPosition(1, newline));
                    ended |= historyEvent is RunEnded;
                    yield return historyEvent;
                }

                if (buffer.Length > HistoryFormat.LineBytesMax)
                {
                    throw Error(line + 1, $"the line is longer than {HistoryFormat.LineBytesMax} bytes, so this is not a history");
                }

                lines.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    if (line == 0)
                    {
                        throw Error(1, buffer.Length == 0 ? "the file is empty" : "there is no complete header line");
                    }

                    Cut = (buffer.Length, ended) switch
                    {
                        ( > 0, true) => throw Error(line + 1, "something follows the end record"),
                        ( > 0, false) => $"the history is cut off in the middle of line {line + 1}",
                        (_, false) => $"the history has no end record after line {line}",
                        _ => null,
                    };
                    yield break;
                }
            }
        }
        finally
        {
            await lines.CompleteAsync();
            await file.DisposeAsync();
        }
    }

    private HistoryEvent Parse(ReadOnlySequence<byte> json, long line, bool ended)
    {
        if (ended)
        {
            throw Error(line, "something follows the end record");
        }

        if (line == 1)
        {
            CheckHeader(json);
        }

        HistoryEvent? historyEvent;
        try
        {
            var reader = new Utf8JsonReader(json);
            historyEvent = JsonSerializer.Deserialize(ref reader, HistoryJson.Default.HistoryEvent);
            if (reader.Read())
            {
                throw Error(line, "more than one object on the line");
            }
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw Error(line, e is JsonException ? FirstSentence(e.Message) : "not an event of a known kind");
        }

        return historyEvent switch
        {
            null => throw Error(line, "null is not an event"),
            RunHeader when line != 1 => throw Error(line, "a second header"),
            not RunHeader when line == 1 => throw Error(line, "the first line is not a header"),
            RunEnded end when end.Events != line - 1 => throw Error(line, $"the end record counts {end.Events} lines before it, but there are {line - 1}: lines are missing or were added"),
            _ => historyEvent,
        };
    }

    /// <summary>Looks at format and version alone, so that a newer history is called that and not garbage.</summary>
    private void CheckHeader(ReadOnlySequence<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("format", out var format)
                || format.ValueKind != JsonValueKind.String
                || !format.ValueEquals(HistoryFormat.Name))
            {
                throw Error(1, $"the first line is not a header of the format {HistoryFormat.Name}");
            }

            if (!document.RootElement.TryGetProperty("version", out var version)
                || version.ValueKind != JsonValueKind.Number
                || !version.TryGetInt32(out var number)
                || number != HistoryFormat.Version)
            {
                throw Error(1, $"the history has version {(version.ValueKind == JsonValueKind.Undefined ? "none" : version.GetRawText())}, but this program reads version {HistoryFormat.Version} only");
            }
        }
        catch (JsonException)
        {
            throw Error(1, $"the first line is not a header of the format {HistoryFormat.Name}");
        }
    }

    private HistoryException Error(long line, string reason) => new($"{_path}, line {line}: {reason}.");

    private static string FirstSentence(string message)
    {
        var end = message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? message.TrimEnd('.') : message[..end];
    }
}
