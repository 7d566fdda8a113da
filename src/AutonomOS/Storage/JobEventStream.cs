using System.Globalization;
using System.Threading.Channels;
using AutonomOS.Jobs;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>A subscription to one tenant's events: an exact channel, never a pattern.</summary>
internal sealed class JobEventStream : IJobEventStream
{
    private readonly StoreConnection _connection;
    private readonly string _channel;
    private readonly Channel<JobEvent> _events = Channel.CreateBounded<JobEvent>(
        new BoundedChannelOptions(IJobEventStream.BufferMax) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private JobEventStream(StoreConnection connection, string channel)
    {
        _connection = connection;
        _channel = channel;
    }

    public IAsyncEnumerable<JobEvent> ReadAsync(CancellationToken cancellation = default) => _events.Reader.ReadAllAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        await _connection.UnsubscribeAsync(_channel, OnMessage);
    }

    internal static async Task<JobEventStream> OpenAsync(StoreConnection connection, string channel, CancellationToken cancellation)
    {
        var stream = new JobEventStream(connection, channel);
        await connection.SubscribeAsync(channel, stream.OnMessage, cancellation);
        return stream;
    }

    /// <summary>Reads <c>id sequence state percent attempt message…</c>; null for what is not one of ours.</summary>
    internal static JobEvent? Parse(string? text)
    {
        var parts = text?.Split(' ', 6) ?? [];
        return parts.Length == 6
            && JobId.TryParse(parts[0], out var id)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && parts[2] is "pending" or "running" or "completed" or "failed" or "cancelled"
            && int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var percent)
            && int.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? new JobEvent(id, sequence, JobFields.State(parts[2]), percent, parts[5].Length == 0 ? null : parts[5], attempt)
            : null;
    }

    private void OnMessage(RedisChannel channel, RedisValue message)
    {
        if (Parse((string?)message) is { } happened)
        {
            _events.Writer.TryWrite(happened);
        }
    }
}
