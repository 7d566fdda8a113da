using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>
/// One connection to the store, multiplexed and thread-safe. It reconnects by itself; while it is down every call fails
/// at once, and no call outlives <see cref="StoreOptions.DeadlineMs"/>.
/// </summary>
/// <remarks>
/// The client library would keep commands for later while it is disconnected, and looks at its timeouts about once a
/// second. Either would let a call that was answered with an error run afterwards. So nothing is queued here
/// (<see cref="BacklogPolicy.FailFast"/>), each call has a deadline of its own, and a write carries the store-clock
/// instant beyond which its script refuses (<see cref="NowMs"/> + <see cref="StoreOptions.DeadlineMs"/>): what was sent
/// and is stuck on the way does nothing when it arrives late.
/// </remarks>
public sealed class StoreConnection : IAsyncDisposable
{
    /// <summary>The longest pause before another attempt to connect, in milliseconds.</summary>
    public const int ReconnectMsMax = 500;

    /// <summary>Milliseconds between two looks at the store's clock.</summary>
    public const int ClockSampleMs = 2000;

    private const int ReconnectMsMin = 50;
    private const int HeartbeatMs = 200;
    private const int MessagesPollMs = 10;
    private const int DefaultPort = 6379;

    private readonly StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConnectionMultiplexer _multiplexer;
    private readonly StoreConnectionClock _clock;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _greeting = new(1);
    private Task _sampling = Task.CompletedTask;
    private volatile ServerFacts? _server;

    private StoreConnection(StoreOptions options, TimeProvider time, ILogger logger, ConnectionMultiplexer multiplexer)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _multiplexer = multiplexer;
        _clock = new StoreConnectionClock(time);
        Database = multiplexer.GetDatabase();
        Subscriber = multiplexer.GetSubscriber();
    }

    /// <summary>Raised when the store is there (again), on any thread, at least once; subscriptions are back in force by then. Handlers must not block or throw.</summary>
    public event Action? Reconnected;

    /// <summary>Raw commands, without our deadline and errors: use <see cref="RunAsync{T}"/> around them. No transactions (they hang Garnet with scripts).</summary>
    public IDatabase Database { get; }

    /// <summary>Publish and subscribe.</summary>
    public ISubscriber Subscriber { get; }

    /// <summary>How the store was reached.</summary>
    public StoreOptions Options => _options;

    /// <summary>Whether there is a connection now.</summary>
    public bool IsConnected => _multiplexer.IsConnected;

    /// <summary>The store's clock in unix milliseconds, estimated from samples of its <c>TIME</c>; the local clock until the first one.</summary>
    public long NowMs => _clock.NowMs;

    /// <summary><c>redis</c>, <c>valkey</c> or <c>garnet</c>; null until the store was reached.</summary>
    public string? ServerKind => _server?.Kind;

    /// <summary>Whether the server takes scripts that begin with <c>#!lua</c>: Redis and Valkey from version 7. False until the store was reached.</summary>
    public bool KnowsShebang => _server is { KnowsShebang: true };

    /// <summary>Opens a connection. When the store is away this still returns, within about <see cref="StoreOptions.DeadlineMs"/>, and goes on trying.</summary>
    /// <param name="options">Which store.</param>
    /// <param name="time">Clock for deadlines.</param>
    /// <param name="logger">Told of connections lost and found.</param>
    /// <param name="cancellation">Gives up connecting.</param>
    /// <exception cref="FormatException">The endpoint is neither <c>HOST:PORT</c> nor <c>unix:/path</c>.</exception>
    public static async Task<StoreConnection> ConnectAsync(StoreOptions options, TimeProvider time, ILogger logger, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        var opening = ConnectionMultiplexer.ConnectAsync(Configure(options));
        ConnectionMultiplexer multiplexer;
        try
        {
            multiplexer = await opening.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            _ = opening.ContinueWith(static late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw;
        }

        var connection = new StoreConnection(options, time, logger, multiplexer);
        multiplexer.ConnectionFailed += connection.OnFailed;
        multiplexer.ConnectionRestored += connection.OnRestored;
        if (connection.IsConnected)
        {
            await connection.GreetAsync();
        }
        else
        {
            logger.LogWarning("The store at {Store} is away; trying again until it is there.", options);
        }

        connection._sampling = connection.SampleAsync();
        return connection;
    }

    /// <summary>Runs a script by its digest, sending its text first where the server does not have it.</summary>
    /// <param name="script">The script.</param>
    /// <param name="keys">Its declared keys, all of one slot.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="write">Whether it changes anything: decides what a missing answer means.</param>
    /// <param name="cancellation">Gives up waiting; the outcome is then unknown.</param>
    /// <exception cref="StoreUnavailableException">Nothing was done.</exception>
    /// <exception cref="OutcomeUnknownException">A write that may have been done: no answer in time, the connection was lost, or the script failed half way.</exception>
    public async Task<RedisResult> EvaluateAsync(StoreScript script, RedisKey[] keys, RedisValue[] args, bool write, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(script);
        ArgumentNullException.ThrowIfNull(keys);
        var start = _time.GetTimestamp();
        var body = script.ForServer(KnowsShebang);
        for (var loaded = false; ; loaded = true)
        {
            try
            {
                return _options.Blocking
                    ? Database.ScriptEvaluate(body.Digest, keys, args)
                    : await WithinDeadlineAsync(Database.ScriptEvaluateAsync(body.Digest, keys, args), start, cancellation);
            }
            catch (RedisServerException missing) when (!loaded && StoreConnectionErrors.IsNoScript(missing))
            {
                // A refused digest did nothing, so loading and calling again is the first call, not a second one.
                await CallAsync(script.Name, write: false, start, _ => _options.Blocking ? Task.FromResult(Load(body, keys)) : LoadAsync(body, keys), cancellation);
            }
            catch (Exception error) when (StoreConnectionErrors.IsOurs(error))
            {
                throw StoreConnectionErrors.Translate(error, write, script.Name, _options);
            }
        }
    }

    /// <summary>Runs commands with the deadline and the typed errors of <see cref="EvaluateAsync"/>.</summary>
    /// <param name="call">Sends them.</param>
    /// <param name="write">Whether they change anything.</param>
    /// <param name="cancellation">Gives up waiting; the outcome is then unknown.</param>
    /// <exception cref="StoreUnavailableException">Nothing was done.</exception>
    /// <exception cref="OutcomeUnknownException">A write that may have been done.</exception>
    public Task<T> RunAsync<T>(Func<IDatabase, Task<T>> call, bool write, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return CallAsync("a command", write, _time.GetTimestamp(), call, cancellation);
    }

    /// <summary>Subscribes to a channel by its exact name. In force when this returns, and again after each <see cref="Reconnected"/>.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="handler">Called for each message, in order; must not block or throw. Hand the same one to <see cref="UnsubscribeAsync"/>.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="StoreUnavailableException">The subscription is not in force, and will not come into force later.</exception>
    public async Task SubscribeAsync(string channel, Action<RedisChannel, RedisValue> handler, CancellationToken cancellation = default)
    {
        var name = RedisChannel.Literal(channel);
        var start = _time.GetTimestamp();
        // After a loss the two connections come back at different times.
        while (!Subscriber.IsConnected() && _time.GetElapsedTime(start).TotalMilliseconds < _options.DeadlineMs)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(MessagesPollMs), _time, cancellation);
        }

        try
        {
            await WithinDeadlineAsync(SubscribeAsync(), start, cancellation);
        }
        catch (Exception error) when (error is OperationCanceledException || StoreConnectionErrors.IsOurs(error))
        {
            // The client keeps the handler of a failed subscription for the next connection.
            await Subscriber.UnsubscribeAsync(name, handler, CommandFlags.FireAndForget);
            if (error is OperationCanceledException)
            {
                throw;
            }

            throw StoreConnectionErrors.Translate(error, write: false, "SUBSCRIBE", _options);
        }

        async Task<bool> SubscribeAsync()
        {
            await Subscriber.SubscribeAsync(name, handler);
            return true;
        }
    }

    /// <summary>Ends a subscription; never throws, and does not wait for the store.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="handler">The handler it was made with.</param>
    public async Task UnsubscribeAsync(string channel, Action<RedisChannel, RedisValue> handler)
    {
        try
        {
            await Subscriber.UnsubscribeAsync(RedisChannel.Literal(channel), handler, CommandFlags.FireAndForget);
        }
        catch (Exception error) when (StoreConnectionErrors.IsOurs(error))
        {
            _logger.LogDebug(error, "Unsubscribing from {Channel} went to no store.", channel);
        }
    }

    /// <summary>Closes the connection. Calls under way end with a typed error.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested)
        {
            return;
        }

        await _closing.CancelAsync();
        _multiplexer.ConnectionFailed -= OnFailed;
        _multiplexer.ConnectionRestored -= OnRestored;
        await _sampling;
        await _multiplexer.CloseAsync(allowCommandsToComplete: false);
        await _multiplexer.DisposeAsync();
        _closing.Dispose();
        _greeting.Dispose();
    }

    internal static EndPoint ParseEndpoint(string endpoint)
    {
        const string Unix = "unix:";
        if (endpoint.StartsWith(Unix, StringComparison.Ordinal))
        {
            var path = endpoint[Unix.Length..];
            try
            {
                return new UnixDomainSocketEndPoint(path);
            }
            catch (ArgumentException error)
            {
                throw new FormatException($"The store's socket path '{path}' is empty or too long; a Unix socket path has at most 107 bytes.", error);
            }
        }

        try
        {
            if (!endpoint.Contains(',', StringComparison.Ordinal) && EndPointCollection.TryParse(endpoint) is { } parsed)
            {
                return parsed switch
                {
                    IPEndPoint { Port: 0 } ip => new IPEndPoint(ip.Address, DefaultPort),
                    DnsEndPoint { Port: 0 } dns => new DnsEndPoint(dns.Host, DefaultPort),
                    _ => parsed,
                };
            }
        }
        catch (ArgumentException error)
        {
            throw new FormatException($"'{endpoint}' is not a store: the port is from 1 to 65535.", error);
        }

        throw new FormatException($"'{endpoint}' is not a store: expected HOST:PORT or unix:/path/to/socket.");
    }

    private static ConfigurationOptions Configure(StoreOptions options) => new()
    {
        EndPoints = { ParseEndpoint(options.Endpoint) },
        Password = options.Password,
        Ssl = options.Tls,
        ClientName = options.ClientName,
        AbortOnConnectFail = false,
        // INFO and SCRIPT LOAD count as administration.
        AllowAdmin = true,
        BacklogPolicy = BacklogPolicy.FailFast,
        ConnectRetry = 1,
        ConnectTimeout = options.DeadlineMs,
        AsyncTimeout = options.DeadlineMs,
        SyncTimeout = options.DeadlineMs,
        HeartbeatInterval = TimeSpan.FromMilliseconds(HeartbeatMs),
        ReconnectRetryPolicy = new ExponentialRetry(ReconnectMsMin, ReconnectMsMax),
        Protocol = RedisProtocol.Resp3,
        // Messages get a connection of their own: Garnet resets one on which a message meets the answers of a pipeline.
        // It is opened at once only where there is a configuration channel; nobody publishes on it.
        SharedSubscriptionConnection = false,
        ConfigurationChannel = "autonomos:none",
        TieBreaker = "",
        // Keys name tenants.
        IncludeDetailInExceptions = false,
    };

    private async Task<T> CallAsync<T>(string what, bool write, long start, Func<IDatabase, Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await WithinDeadlineAsync(call(Database), start, cancellation);
        }
        catch (Exception error) when (StoreConnectionErrors.IsOurs(error))
        {
            throw StoreConnectionErrors.Translate(error, write, what, _options);
        }
    }

    private async Task<T> WithinDeadlineAsync<T>(Task<T> call, long start, CancellationToken cancellation)
    {
        if (call.IsCompleted)
        {
            return await call;
        }

        var left = TimeSpan.FromMilliseconds(_options.DeadlineMs) - _time.GetElapsedTime(start);
        try
        {
            return await call.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time, cancellation);
        }
        finally
        {
            if (!call.IsCompleted)
            {
                // Somebody has to look at the error of a call that nobody waits for any longer.
                _ = call.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            }
        }
    }

    // On a cluster the text has to reach the node that owns the keys.
    private async Task<byte[]> LoadAsync(ScriptBody body, RedisKey[] keys)
    {
        var endpoint = keys.Length > 0 ? await Database.IdentifyEndpointAsync(keys[0]) : null;
        var server = endpoint is null ? _multiplexer.GetServers()[0] : _multiplexer.GetServer(endpoint);
        return await server.ScriptLoadAsync(body.Text);
    }

    private byte[] Load(ScriptBody body, RedisKey[] keys)
    {
        var endpoint = keys.Length > 0 ? Database.IdentifyEndpoint(keys[0]) : null;
        var server = endpoint is null ? _multiplexer.GetServers()[0] : _multiplexer.GetServer(endpoint);
        return server.ScriptLoad(body.Text);
    }

    private void OnFailed(object? sender, ConnectionFailedEventArgs lost) =>
        _logger.LogWarning("The connection to the store at {Store} is lost ({Why}).", _options, lost.FailureType);

    private void OnRestored(object? sender, ConnectionFailedEventArgs found)
    {
        _logger.LogInformation("The connection to the store at {Store} is there again.", _options);
        _ = WelcomeAsync();
    }

    private async Task WelcomeAsync()
    {
        try
        {
            if (!IsConnected || !Subscriber.IsConnected())
            {
                // The other of the two connections is still to come, and says so itself.
                return;
            }

            _clock.Reset();
            await GreetAsync();
            try
            {
                // The client has sent the subscriptions again; this goes behind them on the same connection.
                await RunAsync(_ => Subscriber.PingAsync(), write: false, _closing.Token);
            }
            catch (StoreUnavailableException away)
            {
                _logger.LogDebug("The store at {Store} went away again: {Why}", _options, away.Message);
            }

            Reconnected?.Invoke();
        }
        catch (Exception error) when (error is ObjectDisposedException or OperationCanceledException)
        {
            // Closed meanwhile.
        }
    }

    /// <summary>Learns who answers and what time it is there.</summary>
    private async Task GreetAsync()
    {
        await _greeting.WaitAsync(_closing.Token);
        try
        {
            var info = await RunAsync(db => db.ExecuteAsync("INFO", "server"), write: false, _closing.Token);
            _server = ServerFacts.Parse(info.ToString());
            // The first round trips over a new connection are the slowest.
            for (var i = 0; i < 3; i++)
            {
                await SampleOnceAsync();
            }
        }
        catch (StoreUnavailableException away)
        {
            _logger.LogWarning("The store at {Store} did not say who it is: {Why}", _options, away.Message);
        }
        finally
        {
            _greeting.Release();
        }
    }

    private async Task SampleAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(ClockSampleMs), _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                try
                {
                    if (_server is null && IsConnected)
                    {
                        await GreetAsync();
                    }

                    await SampleOnceAsync();
                }
                catch (StoreUnavailableException)
                {
                    // The next tick tries again; the events of the connection are logged elsewhere.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }

    private async Task SampleOnceAsync()
    {
        var sent = _time.GetTimestamp();
        var parts = (RedisResult[]?)await RunAsync(db => db.ExecuteAsync("TIME"), write: false, _closing.Token);
        var answered = _time.GetTimestamp();
        if (parts is [var seconds, var micros])
        {
            _clock.Add(sent, answered, ((long)seconds * 1000) + ((long)micros / 1000.0));
        }
    }

    private sealed record ServerFacts(string Kind, bool KnowsShebang)
    {
        internal static ServerFacts Parse(string? info)
        {
            var fields = (info ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(':', 2))
                .Where(pair => pair.Length == 2)
                .DistinctBy(pair => pair[0], StringComparer.Ordinal)
                .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
            if (fields.ContainsKey("garnet_version"))
            {
                return new("garnet", KnowsShebang: false);
            }

            var kind = fields.TryGetValue("server_name", out var name) && name == "valkey" ? "valkey" : "redis";
            var version = fields.GetValueOrDefault("redis_version", "0");
            return new(kind, int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) && major >= 7);
        }
    }
}
