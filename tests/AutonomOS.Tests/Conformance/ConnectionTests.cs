using System.Diagnostics;
using AutonomOS.Storage;
using AutonomOS.Tests.Conformance.Stores;
using StackExchange.Redis;

namespace AutonomOS.Tests.Conformance;

/// <summary>The connection on a store that works: scripts, clock, identity, messages.</summary>
public abstract class ConnectionTests(StoreFixture store) : ConformanceTests(store)
{
    private static readonly StoreScript Increment = new("increment", "local n = redis.call('GET', KEYS[1]) or '0' redis.call('SET', KEYS[1], string.format('%d', tonumber(n) + 1)) return redis.call('GET', KEYS[1])");

    [Fact]
    public async Task ConnectAsync_StoreThere_KnowsItsKindAndClock()
    {
        await using var connection = await Store.ConnectAsync();

        Assert.True(connection.IsConnected);
        Assert.Equal(Store.Kind, connection.ServerKind);
        Assert.Equal(Store.Kind != "garnet", connection.KnowsShebang);
        var before = connection.NowMs;
        var parts = (RedisResult[])(await connection.RunAsync(db => db.ExecuteAsync("TIME"), write: false, Ct))!;
        var after = connection.NowMs;
        var said = ((long)parts[0] * 1000) + ((long)parts[1] / 1000);
        Assert.InRange(said, before - 20, after + 20);
    }

    [Fact]
    public async Task EvaluateAsync_ManyAtOnce_ScriptsAreAtomic()
    {
        const int Calls = 2000;
        var connections = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Store.ConnectAsync()));

        await Task.WhenAll(Enumerable.Range(0, Calls).Select(i =>
            connections[i % connections.Length].EvaluateAsync(Increment, ["counter:{a}"], [], write: true, Ct)));

        Assert.Equal(Calls + 1, (long)await connections[0].EvaluateAsync(Increment, ["counter:{a}"], [], write: true, Ct));
    }

    [Fact]
    public async Task EvaluateAsync_ScriptsFlushed_LoadsAgain()
    {
        var connection = await Store.SharedAsync();
        var script = new StoreScript("answer", "return tonumber(ARGV[1]) + 1");
        Assert.Equal(2, (int)await connection.EvaluateAsync(script, ["k"], [1], write: false, Ct));

        await connection.RunAsync(db => db.ExecuteAsync("SCRIPT", "FLUSH"), write: true, Ct);
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => connection.EvaluateAsync(script, ["k"], [i], write: false, Ct)));

        Assert.Equal(Enumerable.Range(1, 200), answers.Select(a => (int)a));
    }

    [Fact]
    public async Task EvaluateAsync_ScriptFailsHalfWay_OutcomeUnknownAndPrefixKept()
    {
        var connection = await Store.SharedAsync();
        var script = new StoreScript("half", "redis.call('SET', KEYS[1], 'done') error('boom')");

        var error = await Assert.ThrowsAsync<OutcomeUnknownException>(() => connection.EvaluateAsync(script, ["half:{a}"], [], write: true, Ct));

        Assert.Contains("boom", error.Message, StringComparison.Ordinal);
        Assert.Equal("done", await connection.RunAsync(db => db.StringGetAsync("half:{a}"), write: false, Ct));
    }

    [Fact]
    public async Task EvaluateAsync_ReadFails_Unavailable()
    {
        var connection = await Store.SharedAsync();
        var script = new StoreScript("bad", "redis.call('LPUSH', 'list:{a}', 1) return redis.call('HGET', 'list:{a}', 'field')");

        await Assert.ThrowsAsync<StoreUnavailableException>(() => connection.EvaluateAsync(script, ["k"], [], write: false, Ct));
    }

    [Fact]
    public async Task EvaluateAsync_Cancelled_StopsWaiting()
    {
        var connection = await Store.SharedAsync();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.EvaluateAsync(new("slow", "return 1"), ["k"], [], write: false, cancelled.Token));
    }

    [Fact]
    public async Task EvaluateAsync_PublishingToItselfUnderLoad_DeliversEach()
    {
        const int Messages = 2000;
        var connections = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Store.ConnectAsync()));
        var script = new StoreScript("publish", "redis.call('SET', KEYS[1], ARGV[1]) redis.call('PUBLISH', 'channel', ARGV[1]) return 1");
        var got = new HashSet<string>(StringComparer.Ordinal);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await connections[0].SubscribeAsync("channel", (_, message) =>
        {
            lock (got)
            {
                if (got.Add(message!) && got.Count == Messages)
                {
                    all.SetResult();
                }
            }
        }, Ct);

        await Task.WhenAll(Enumerable.Range(0, Messages).Select(i => connections[i % connections.Length].EvaluateAsync(script, [$"pub:{i % 7}"], [i], write: true, Ct)));

        await all.Task.WaitAsync(TimeSpan.FromSeconds(10), Ct);
    }

    [Fact]
    public async Task RunAsync_AfterDispose_Unavailable()
    {
        var connection = await Store.ConnectAsync();
        await connection.DisposeAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(() => connection.RunAsync(db => db.StringSetAsync("k", 1), write: true, Ct));
    }

    [Fact]
    public async Task ConnectAsync_NothingThere_ReturnsInTimeAndCallsFailFast()
    {
        using var directory = new TempDirectory();
        var watch = Stopwatch.StartNew();
        await using var connection = await Store.ConnectAsync(o => o with { Endpoint = "unix:" + directory.File("none"), DeadlineMs = 800 });
        Assert.InRange(watch.ElapsedMilliseconds, 0, 3000);
        Assert.False(connection.IsConnected);

        watch.Restart();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => connection.EvaluateAsync(Increment, ["k"], [], write: true, Ct));
        Assert.InRange(watch.ElapsedMilliseconds, 0, 800 + 400);
    }
}

public sealed class ConnectionOnGarnet(EmbeddedFixture store) : ConnectionTests(store), IClassFixture<EmbeddedFixture>;

public sealed class ConnectionOnRedis(RedisFixture store) : ConnectionTests(store), IClassFixture<RedisFixture>;
