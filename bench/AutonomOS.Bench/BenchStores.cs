using System.Diagnostics;
using AutonomOS.Embedded;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Bench;

/// <summary>A store under measurement, with its tenants.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Options">How to reach it.</param>
/// <param name="Jobs">The store.</param>
/// <param name="Tenants">Its tenants, whose limits stand in nobody's way.</param>
internal sealed record BenchStore(string Name, StoreOptions Options, RedisJobStore Jobs, IReadOnlyList<TenantId> Tenants);

/// <summary>The stores, each as durable as it is by default: the embedded one commits every 100 ms, Redis its append-only file every second.</summary>
internal sealed class BenchStores : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("aut-bench-");
    private readonly List<BenchStore> _all = [];
    private readonly List<string> _notes = [];
    private readonly List<StoreConnection> _connections = [];
    private EmbeddedStore? _embedded;
    private Process? _redis;

    public IReadOnlyList<BenchStore> All => _all;

    public IReadOnlyList<string> Notes => _notes;

    public static async Task<BenchStores> StartAsync(int tenants, CancellationToken cancellation)
    {
        var stores = new BenchStores();
        try
        {
            stores._embedded = await EmbeddedStore.StartAsync(
                new EmbeddedStoreOptions { SocketPath = stores.File("garnet/s"), DataDirectory = stores.File("garnet-data") }, cancellation: cancellation);
            await stores.AddAsync("garnet", stores._embedded.Connection, tenants, cancellation);
            if (await stores.StartRedisAsync(cancellation) is { } redis)
            {
                await stores.AddAsync("redis", redis, tenants, cancellation);
            }
            else
            {
                stores._notes.Add("redis-server is not on the PATH: only the embedded store is measured, and no ratio is given.");
            }

            return stores;
        }
        catch
        {
            await stores.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _all)
        {
            await store.Jobs.DisposeAsync();
        }

        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        if (_embedded is not null)
        {
            await _embedded.DisposeAsync();
        }

        if (_redis is not null)
        {
            _redis.Kill();
            await _redis.WaitForExitAsync(CancellationToken.None);
            _redis.Dispose();
        }

        _directory.Delete(recursive: true);
    }

    private string File(string name) => Path.Combine(_directory.FullName, name);

    private async Task AddAsync(string name, StoreOptions options, int tenants, CancellationToken cancellation)
    {
        // Saturated on purpose: answers take as long as the queue in front of them.
        var connection = await StoreConnection.ConnectAsync(options with { DeadlineMs = 10_000 }, TimeProvider.System, NullLogger.Instance, cancellation);
        _connections.Add(connection);
        var jobs = new RedisJobStore(connection, TimeProvider.System);
        var ids = new List<TenantId>();
        for (var i = 0; i < tenants; i++)
        {
            var id = TenantId.Parse($"bench-{i}");
            await jobs.ApplyTenantAsync(new TenantSettings { Id = id, Epoch = 1, Limits = new TenantLimits { MaxConcurrent = 10_000, MaxQueued = 10_000_000, TotalPayloadBytesMax = 1L << 34 } }, cancellation);
            ids.Add(id);
        }

        _all.Add(new BenchStore(name, options with { DeadlineMs = 10_000 }, jobs, ids));
    }

    private async Task<StoreOptions?> StartRedisAsync(CancellationToken cancellation)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(directory => System.IO.File.Exists(Path.Combine(directory, "redis-server"))))
        {
            return null;
        }

        var socket = File("redis");
        _redis = Process.Start(new ProcessStartInfo("redis-server")
        {
            ArgumentList = { "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--dir", _directory.FullName, "--daemonize", "no" },
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        while (await _redis.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Contains("ready to accept connections", StringComparison.OrdinalIgnoreCase))
            {
                _ = _redis.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return new StoreOptions { Endpoint = "unix:" + socket };
            }
        }

        throw new InvalidOperationException("redis-server ended before it was ready.");
    }
}
