using System.Globalization;
using AutonomOS.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Partywall.Targets;
using StackExchange.Redis;

namespace Partywall.AutonomOS.Store;

/// <summary>
/// The harness's own connection to the system's store, for looking at it from outside: whole keyspace by cursor, single
/// keys by their types' own commands (not every store has <c>DUMP</c>). Thread-safe.
/// </summary>
internal sealed class StoreProbe : IAsyncDisposable
{
    /// <summary>Keys asked for at a time while walking the keyspace; no call blocks the store for longer than that.</summary>
    public const int ScanCount = 500;

    private const int CallMs = 5_000;
    private readonly StoreConnection _connection;

    private StoreProbe(StoreConnection connection) => _connection = connection;

    /// <summary>The connection.</summary>
    public StoreConnection Connection => _connection;

    /// <summary>Connects.</summary>
    /// <param name="endpoint">As in <see cref="StoreOptions.Endpoint"/>.</param>
    /// <param name="password">The password; null for none.</param>
    /// <param name="time">Clock for deadlines.</param>
    /// <param name="answerMsMax">The longest wait for its first answer, in milliseconds.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TargetException">The endpoint is none, or nothing answers there.</exception>
    public static async Task<StoreProbe> ConnectAsync(
        string endpoint, string? password, TimeProvider time, int answerMsMax, CancellationToken cancellationToken)
    {
        StoreConnection connection;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(answerMsMax);
        try
        {
            var options = new StoreOptions { Endpoint = endpoint, Password = password, DeadlineMs = CallMs, ClientName = "partywall" };
            connection = await StoreConnection.ConnectAsync(options, time, NullLogger.Instance, bound.Token);
        }
        catch (FormatException e)
        {
            throw new TargetException($"--store {endpoint}: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw NothingAnswers(endpoint, answerMsMax, e.Message, e);
        }

        try
        {
            await connection.RunAsync(static db => db.PingAsync(), write: false, bound.Token);
            return new StoreProbe(connection);
        }
        catch (Exception e)
        {
            await connection.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (e is StoreUnavailableException or OperationCanceledException)
            {
                throw NothingAnswers(endpoint, answerMsMax, e.Message, e);
            }

            throw;
        }
    }

    /// <summary>All keys, or those of a pattern, in no order and each once.</summary>
    /// <param name="match">A glob pattern without anything a user chose; null for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TargetException">The store did not answer.</exception>
    public async Task<IReadOnlyCollection<string>> KeysAsync(string? match, CancellationToken cancellationToken)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var cursor = "0";
        do
        {
            object[] arguments = match is null ? [cursor, "COUNT", ScanCount] : [cursor, "MATCH", match, "COUNT", ScanCount];
            var page = (RedisResult[])(await RunAsync(db => db.ExecuteAsync("SCAN", arguments), "walk its keys", cancellationToken))!;
            cursor = (string)page[0]!;
            keys.UnionWith(((string[])page[1]!)!);
        }
        while (cursor != "0");
        return keys;
    }

    /// <summary>The contents of one key in an order of their own: the type, then entries; empty when there is no such key.</summary>
    /// <exception cref="TargetException">The store did not answer, or the key is of a type that nothing of the system uses.</exception>
    public async Task<IReadOnlyList<string>> ContentsAsync(string key, CancellationToken cancellationToken)
    {
        var type = (await RunAsync(db => db.ExecuteAsync("TYPE", key), "tell a key's type", cancellationToken)).ToString();
        switch (type)
        {
            case "none":
                return [];
            case "string":
                var value = await RunAsync(db => db.StringGetAsync(key), "read a key", cancellationToken);
                return ["string", Text(value)];
            case "hash":
                var fields = await RunAsync(db => db.HashGetAllAsync(key), "read a key", cancellationToken);
                return ["hash", .. fields.Select(static f => $"{Text(f.Name)}={Text(f.Value)}").Order(StringComparer.Ordinal)];
            case "zset":
                var members = await RunAsync(db => db.SortedSetRangeByRankWithScoresAsync(key), "read a key", cancellationToken);
                return ["zset", .. members.Select(static m => string.Create(CultureInfo.InvariantCulture, $"{Text(m.Element)}={m.Score:R}")).Order(StringComparer.Ordinal)];
            case "set":
                var elements = await RunAsync(db => db.SetMembersAsync(key), "read a key", cancellationToken);
                return ["set", .. elements.Select(Text).Order(StringComparer.Ordinal)];
            case "list":
                var items = await RunAsync(db => db.ListRangeAsync(key), "read a key", cancellationToken);
                return ["list", .. items.Select(Text)];
            default:
                throw new TargetException($"The key {key} is of the type {type}, which nothing of AutonomOS uses.");
        }
    }

    /// <summary>Runs a command.</summary>
    /// <param name="call">Sends it.</param>
    /// <param name="what">What the store was to do, for an error.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TargetException">The store did not answer.</exception>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> call, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await _connection.RunAsync(call, write: false, cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            throw new TargetException($"The store at {_connection.Options.Endpoint} did not {what}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static TargetException NothingAnswers(string endpoint, int answerMsMax, string why, Exception e) => new(
        $"Nothing that speaks the Redis protocol answered at {endpoint} within {answerMsMax} ms, so the run cannot begin. Start the store, or check the address and the password. ({why})", e);

    // Hexadecimal, so that no byte of a value can pass for the structure around it.
    private static string Text(RedisValue value) => Convert.ToHexStringLower((byte[])value!);
}
