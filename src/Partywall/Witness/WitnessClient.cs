using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Partywall.History;

namespace Partywall.Witness;

/// <summary>
/// A worker process's connection to the witness: one a process, for all its bodies. It beats by itself. When the
/// harness goes away, <see cref="Lost"/> fires and every body ends. Thread-safe.
/// </summary>
public sealed class WitnessClient : IAsyncDisposable
{
    private readonly WitnessConnection _connection;
    private readonly CancellationTokenSource _lost = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<long>> _starts = new();
    private readonly TaskCompletionSource<WitnessMessage> _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<WitnessMessage> _orders = Channel.CreateUnbounded<WitnessMessage>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly Task _receiving;
    private Task _beating = Task.CompletedTask;
    private long _requests;

    private WitnessClient(WitnessConnection connection)
    {
        _connection = connection;
        Lost = _lost.Token;
        _receiving = ReceiveAsync();
    }

    /// <summary>Fires when the witness is gone for good. A worker then has nobody to work for and should end.</summary>
    public CancellationToken Lost { get; }

    /// <summary>What a submitter process is told to do; ends when the witness is gone.</summary>
    internal ChannelReader<WitnessMessage> Orders => _orders.Reader;

    /// <summary>Connects and introduces this process.</summary>
    /// <param name="socketPath">Where the witness listens.</param>
    /// <param name="processName">This process's name in the run, unique among those connected.</param>
    /// <param name="cancellationToken">Gives up; so does a bound of <see cref="WitnessProtocol.AckMs"/>.</param>
    /// <exception cref="WitnessException">Nobody listens there, or the witness refuses; the message says why.</exception>
    public static Task<WitnessClient> ConnectAsync(string socketPath, string processName, CancellationToken cancellationToken) =>
        ConnectAsync(
            socketPath,
            new HelloMessage(WitnessProtocol.Version, processName, Environment.ProcessId, Stopwatch.Frequency, WitnessProtocol.HostBoot),
            cancellationToken);

    internal static async Task<WitnessClient> ConnectAsync(string socketPath, HelloMessage hello, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(WitnessProtocol.AckMs);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), bound.Token);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or OperationCanceledException)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new WitnessException($"No witness listens at {socketPath}: {e.Message}", e);
        }

        var client = new WitnessClient(new WitnessConnection(socket));
        try
        {
            await client._connection.SendAsync(hello);
            if (await client._greeted.Task.WaitAsync(bound.Token) is RefuseMessage refused)
            {
                throw new WitnessException(refused.Reason);
            }

            client._beating = client.BeatAsync();
            return client;
        }
        catch (Exception e)
        {
            await client.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
            throw e is WitnessException
                ? e
                : new WitnessException($"The witness at {socketPath} did not answer the hello of {hello.Process}: {e.Message}", e);
        }
    }

    /// <summary>Says goodbye and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_lost.IsCancellationRequested)
        {
            try
            {
                await _connection.SendAsync(new ByeMessage(Stopwatch.GetTimestamp()));
            }
            catch (IOException)
            {
                // The witness left first.
            }
        }

        await _connection.DisposeAsync();
        await _receiving;
        await _beating;
    }

    /// <summary>Reports a body's start and waits for the acknowledgement.</summary>
    /// <returns>The body's number.</returns>
    /// <exception cref="WitnessException">The witness is gone.</exception>
    internal async Task<long> StartAsync(ProbeAttempt attempt, string label, long at)
    {
        var request = Interlocked.Increment(ref _requests);
        var acknowledged = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        _starts[request] = acknowledged;
        try
        {
            await SendAsync(new StartMessage(request, at, attempt.Tenant, attempt.JobId, label, attempt.Number, attempt.Fence));
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(Lost);
            bound.CancelAfter(WitnessProtocol.AckMs);
            return await acknowledged.Task.WaitAsync(bound.Token);
        }
        catch (OperationCanceledException e)
        {
            await LoseAsync();
            throw new WitnessException("The witness did not acknowledge a body's start.", e);
        }
        finally
        {
            _starts.TryRemove(request, out _);
        }
    }

    internal Task ProgressAsync(long body, int percent) => SendAsync(new ProgressMessage(body, Stopwatch.GetTimestamp(), percent));

    internal Task StopAsync(long body, BodyOutcome outcome) => SendAsync(new StopMessage(body, Stopwatch.GetTimestamp(), outcome));

    /// <summary>Sends a message.</summary>
    /// <exception cref="WitnessException">The witness is gone.</exception>
    internal async Task SendAsync(WitnessMessage message)
    {
        try
        {
            await _connection.SendAsync(message);
        }
        catch (IOException e)
        {
            await LoseAsync();
            throw new WitnessException("The witness is gone.", e);
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            await foreach (var message in _connection.ReceiveAsync(CancellationToken.None))
            {
                switch (message)
                {
                    case WelcomeMessage or RefuseMessage:
                        _greeted.TrySetResult(message);
                        break;
                    case AckMessage ack when _starts.TryGetValue(ack.Request, out var start):
                        start.TrySetResult(ack.Body);
                        break;
                    case OrderMessage or ArmMessage or GoMessage:
                        _orders.Writer.TryWrite(message);
                        break;
                }
            }
        }
        catch (Exception e) when (e is IOException or JsonException or ObjectDisposedException)
        {
            // The connection is of no more use, whatever the reason.
        }

        _greeted.TrySetException(new WitnessException("The witness closed the connection."));
        _orders.Writer.TryComplete();
        await LoseAsync();
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(WitnessProtocol.BeatMs));
        try
        {
            while (await timer.WaitForNextTickAsync(Lost))
            {
                await SendAsync(new BeatMessage(Stopwatch.GetTimestamp()));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WitnessException)
        {
            // Nobody listens any more.
        }
    }

    private Task LoseAsync() => _lost.CancelAsync();
}
