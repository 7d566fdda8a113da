using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Partywall.Targets;

namespace Partywall.AutonomOS.Http;

/// <summary>A job's server-sent events over a connection of their own.</summary>
internal sealed class EventWatch(HttpResponseMessage response) : IJobWatch
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<JobNotice> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var events = SseParser.Create(stream, static (kind, data) => (Kind: kind, Data: data.ToArray())).EnumerateAsync(cancellationToken);
        await using var reader = events.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(reader))
        {
            yield return Read(reader.Current.Data.Kind, reader.Current.Data.Data);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        response.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<bool> NextAsync<T>(IAsyncEnumerator<T> reader)
    {
        try
        {
            return await reader.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new TargetException("The stream of events broke: " + e.Message, e);
        }
    }

    private JobNotice Read(string kind, byte[] data)
    {
        try
        {
            var json = JsonElement.Parse(data);
            var progress = json.GetProperty("progress");
            return new JobNotice(
                json.GetProperty("id").GetString()!,
                JobJson.State(json.GetProperty("status").GetString()),
                progress.GetProperty("percent").GetInt32(),
                progress.TryGetProperty("message", out var message) ? message.GetString() : null,
                json.GetProperty("attempt").GetInt32(),
                new ReplyEvidence((int)response.StatusCode, (byte[])[.. Encoding.UTF8.GetBytes($"event: {kind}\ndata: "), .. data]));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new TargetException($"An event that is none ({kind}): {e.Message}", e);
        }
    }
}
