using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Partywall.History;

namespace Partywall.Witness;

/// <summary>
/// The harness's end of the witness: hears every job body start, progress and stop, writes it to the history with
/// the body's own time, and keeps a live picture to wait on. Thread-safe.
/// </summary>
public sealed class WitnessServer : IAsyncDisposable
{
    private readonly RunClock _clock;
    private readonly Action<HistoryEvent> _record;
    private readonly string _socketPath;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, WitnessConnection> _processes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Channel<WitnessMessage>> _submitters = new(StringComparer.Ordinal);
    private readonly HashSet<Task> _connections = [];
    private readonly Task _accepting;
    private readonly Task _beating;
    private long _bodies;

    /// <summary>Listens at once.</summary>
    /// <param name="socketPath">Where to listen: a path that does not exist, in a directory only this user can enter.</param>
    /// <param name="clock">The run's clock.</param>
    /// <param name="record">Takes the events, from several threads; usually <see cref="HistoryWriter.Append"/>.</param>
    /// <exception cref="WitnessException">The socket cannot be opened.</exception>
    public WitnessServer(string socketPath, RunClock clock, Action<HistoryEvent> record)
    {
        ArgumentNullException.ThrowIfNull(socketPath);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(record);
        _socketPath = socketPath;
        _clock = clock;
        _record = record;
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            _listener.Bind(new UnixDomainSocketEndPoint(socketPath));
            _listener.Listen(128);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            _listener.Dispose();
            throw new WitnessException($"The witness cannot listen at {socketPath}: {e.Message}", e);
        }

        _accepting = AcceptAsync();
        _beating = BeatAsync();
    }

    /// <summary>The live picture of all bodies.</summary>
    public WitnessState State { get; } = new();

    /// <summary>Closes all connections and removes the socket. Bodies still running notice and end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested)
        {
            return;
        }

        await _closing.CancelAsync();
        _listener.Dispose();
        await Task.WhenAll(_accepting, _beating);
        Task[] connections;
        WitnessConnection[] processes;
        lock (_gate)
        {
            connections = [.. _connections];
            processes = [.. _processes.Values];
        }

        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        await Task.WhenAll(connections);
        File.Delete(_socketPath);
        _closing.Dispose();
    }

    /// <summary>Begins to take what a connected process says as a submitter; any other's word as one is a violation.</summary>
    /// <returns>Its messages; they end when it has left.</returns>
    /// <exception cref="WitnessException">No such process is connected.</exception>
    internal IAsyncEnumerable<WitnessMessage> SubmitterMessages(string process)
    {
        var messages = Channel.CreateUnbounded<WitnessMessage>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        lock (_gate)
        {
            if (!_processes.ContainsKey(process))
            {
                throw NotConnected(process);
            }

            _submitters.Add(process, messages);
        }

        return messages.Reader.ReadAllAsync();
    }

    /// <summary>Tells a connected process something.</summary>
    /// <exception cref="WitnessException">It is not connected any more.</exception>
    internal async Task TellAsync(string process, WitnessMessage message)
    {
        WitnessConnection? connection;
        lock (_gate)
        {
            connection = _processes.GetValueOrDefault(process);
        }

        try
        {
            await (connection ?? throw NotConnected(process)).SendAsync(message);
        }
        catch (IOException e)
        {
            throw new WitnessException($"{process} cannot be told anything any more: {e.Message}", e);
        }
    }

    private static WitnessException NotConnected(string process) => new($"No process called {process} is connected.");

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_closing.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }

            var serving = ServeAsync(socket);
            lock (_gate)
            {
                _connections.Add(serving);
                _connections.RemoveWhere(static t => t.IsCompleted);
            }
        }
    }

    /// <summary>The harness's own heartbeat: when it stalls itself, its view of time and order is no evidence.</summary>
    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(WitnessProtocol.BeatMs));
        var last = Stopwatch.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                last = Beat("harness", last, Stopwatch.GetTimestamp());
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }

    private long Beat(string process, long last, long now)
    {
        if (Stopwatch.GetElapsedTime(last, now).TotalMilliseconds > WitnessProtocol.StallMs)
        {
            _record(new WitnessStalled(_clock.ToNs(now), _clock.ToNs(last), process));
        }

        return now;
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var connection = new WitnessConnection(socket);
        string? process = null;
        var orderly = false;
        try
        {
            long lastBeat = 0;
            await foreach (var message in connection.ReceiveAsync(_closing.Token))
            {
                if (process is null)
                {
                    process = await WelcomeAsync(connection, message);
                    if (process is null)
                    {
                        return;
                    }

                    lastBeat = Stopwatch.GetTimestamp();
                    continue;
                }

                switch (message)
                {
                    case StartMessage start:
                        await StartAsync(connection, process, start);
                        break;
                    case ProgressMessage progress:
                        _record(new BodyProgressed(_clock.ToNs(progress.At), progress.Body, progress.Percent));
                        break;
                    case StopMessage stop:
                        _record(new BodyStopped(_clock.ToNs(stop.At), stop.Body, stop.Outcome));
                        State.Stopped(stop.Body, _clock.ToNs(stop.At));
                        break;
                    case BeatMessage beat:
                        lastBeat = Beat(process, lastBeat, beat.At);
                        break;
                    case ByeMessage:
                        orderly = true;
                        break;
                    case ArmedMessage or AnswerMessage when SubmitterOf(process) is { } messages:
                        messages.TryWrite(message);
                        break;
                    default:
                        throw new JsonException($"{message.GetType().Name} is not for the harness.");
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The process died, or the run is over; WitnessLeft says which.
        }
        catch (JsonException e)
        {
            _record(new Noted(_clock.NowNs, $"The witness hung up on {process ?? "a stranger"}, which sent something that is no message: {e.Message}"));
        }
        finally
        {
            if (process is not null)
            {
                lock (_gate)
                {
                    _processes.Remove(process);
                }

                SubmitterOf(process)?.TryComplete();
                State.Left(process);
                _record(new WitnessLeft(_clock.NowNs, process, orderly));
            }
        }
    }

    private ChannelWriter<WitnessMessage>? SubmitterOf(string process)
    {
        lock (_gate)
        {
            return _submitters.GetValueOrDefault(process)?.Writer;
        }
    }

    private async Task<string?> WelcomeAsync(WitnessConnection connection, WitnessMessage message)
    {
        var reason = message switch
        {
            HelloMessage hello when hello.Version != WitnessProtocol.Version =>
                $"The witness speaks version {WitnessProtocol.Version}, the process version {hello.Version}: build both from one source.",
            HelloMessage hello when hello.Host != WitnessProtocol.HostBoot || hello.Frequency != Stopwatch.Frequency =>
                "The process runs on another host or boot than the harness. Their monotonic clocks cannot be compared: run both on one host.",
            HelloMessage { Process.Length: 0 } => "A process needs a name.",
            HelloMessage => null,
            _ => "The first message must be hello.",
        };
        if (reason is null)
        {
            var hello = (HelloMessage)message;
            lock (_gate)
            {
                if (hello.Process == "harness" || !_processes.TryAdd(hello.Process, connection))
                {
                    reason = $"A process called {hello.Process} is connected already.";
                }
            }

            if (reason is null)
            {
                _record(new WitnessJoined(_clock.NowNs, hello.Process, hello.ProcessId));
                State.Joined(hello.Process);
                await connection.SendAsync(new WelcomeMessage(WitnessProtocol.Version));
                return hello.Process;
            }
        }

        _record(new Noted(_clock.NowNs, "The witness refused a process: " + reason));
        await connection.SendAsync(new RefuseMessage(reason));
        return null;
    }

    private async Task StartAsync(WitnessConnection connection, string process, StartMessage start)
    {
        var body = Interlocked.Increment(ref _bodies);
        _record(new BodyStarted(
            _clock.ToNs(start.At), body, process, start.Tenant, start.Job, start.Label, start.Attempt, start.Fence));
        State.Started(body, process, start, _clock.ToNs(start.At));
        await connection.SendAsync(new AckMessage(start.Request, body));
    }
}
