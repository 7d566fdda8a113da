using AutonomOS.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Conformance.Stores;

/// <summary>A running store that nobody else uses.</summary>
public abstract class StoreFixture : IAsyncLifetime
{
    private readonly List<StoreConnection> _connections = [];
    private StoreConnection? _shared;

    /// <summary>How to reach it.</summary>
    public abstract StoreOptions Options { get; }

    /// <summary>What <see cref="StoreConnection.ServerKind"/> must say.</summary>
    public abstract string Kind { get; }

    /// <summary>Why it cannot be had here, or null.</summary>
    public virtual string? Missing => null;

    /// <summary>A connection that all tests of a class share.</summary>
    public async Task<StoreConnection> SharedAsync() => _shared ??= await ConnectAsync();

    /// <summary>Another connection, closed with the fixture.</summary>
    public async Task<StoreConnection> ConnectAsync(Func<StoreOptions, StoreOptions>? change = null)
    {
        var options = Options with { DeadlineMs = 5000 };
        var connection = await StoreConnection.ConnectAsync(change is null ? options : change(options), TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
        _connections.Add(connection);
        return connection;
    }

    public async ValueTask InitializeAsync()
    {
        if (Missing is null)
        {
            await StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        await StopAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task StartAsync();

    protected abstract ValueTask StopAsync();
}
