using System.Threading.Channels;
using AutonomOS.Jobs;
using AutonomOS.Tenants;
using AutonomOS.Workers;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>A worker's channel of its own, and the news that the connection is back.</summary>
internal sealed class WorkerInbox : IWorkerInbox
{
    private const int SignalsMax = 10_000;

    private readonly StoreConnection _connection;
    private readonly string _channel;
    private readonly Channel<WorkerSignal> _signals = Channel.CreateBounded<WorkerSignal>(
        new BoundedChannelOptions(SignalsMax) { FullMode = BoundedChannelFullMode.DropOldest });

    private WorkerInbox(StoreConnection connection, string channel)
    {
        _connection = connection;
        _channel = channel;
        connection.Reconnected += OnReconnected;
    }

    public ChannelReader<WorkerSignal> Signals => _signals.Reader;

    public async ValueTask DisposeAsync()
    {
        _connection.Reconnected -= OnReconnected;
        _signals.Writer.TryComplete();
        await _connection.UnsubscribeAsync(_channel, OnMessage);
    }

    internal static async Task<WorkerInbox> OpenAsync(StoreConnection connection, string channel, CancellationToken cancellation)
    {
        var inbox = new WorkerInbox(connection, channel);
        try
        {
            await connection.SubscribeAsync(channel, inbox.OnMessage, cancellation);
            return inbox;
        }
        catch
        {
            connection.Reconnected -= inbox.OnReconnected;
            throw;
        }
    }

    private void OnReconnected() => _signals.Writer.TryWrite(new WorkerSignal.Reconnected());

    private void OnMessage(RedisChannel channel, RedisValue message)
    {
        var text = (string?)message;
        if (text == "wake")
        {
            // One unread wake-up says as much as many.
            if (!_signals.Reader.TryPeek(out var head) || head is not WorkerSignal.Wake)
            {
                _signals.Writer.TryWrite(new WorkerSignal.Wake());
            }
        }
        else if (text?.Split(' ') is ["cancel", var tenant, var id] && TenantId.TryParse(tenant, out var who) && JobId.TryParse(id, out var job))
        {
            _signals.Writer.TryWrite(new WorkerSignal.Cancel(who, job));
        }
    }
}
