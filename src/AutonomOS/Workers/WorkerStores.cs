using AutonomOS.Storage;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace AutonomOS.Workers;

/// <summary>The two connections of a worker: one for its work, and one for nothing but its renewals.</summary>
internal sealed class WorkerStores : IAsyncDisposable
{
    // The client library then services each connection from two threads of its own instead of the thread pool. The
    // switch is one for the process and is read when a connection opens, so it stays on: connections open again.
    private const string DedicatedThreads = "DedicatedThreads";

    private readonly StoreConnection _work;
    private readonly StoreConnection _renewals;
    private readonly RedisJobStore _workStore;
    private readonly RedisJobStore _renewalStore;

    private WorkerStores(StoreConnection work, StoreConnection renewals, TimeProvider time)
    {
        _work = work;
        _renewals = renewals;
        Work = _workStore = new RedisJobStore(work, time);
        Renewals = _renewalStore = new RedisJobStore(renewals, time);
    }

    public IWorkStore Work { get; }

    /// <summary>Its calls block the calling thread and need no other.</summary>
    public IWorkStore Renewals { get; }

    /// <summary>Opens both; when the store is away they go on trying.</summary>
    public static async Task<WorkerStores> OpenAsync(StoreOptions options, string workerId, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        ConnectionMultiplexer.SetFeatureFlag(DedicatedThreads, true);
        var work = await StoreConnection.ConnectAsync(options with { ClientName = workerId, Blocking = false }, time, logger, cancellation);
        try
        {
            var renewals = await StoreConnection.ConnectAsync(options with { ClientName = $"{workerId}-renew", Blocking = true }, time, logger, cancellation);
            return new WorkerStores(work, renewals, time);
        }
        catch
        {
            await work.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _renewalStore.DisposeAsync();
        await _workStore.DisposeAsync();
        await _renewals.DisposeAsync();
        await _work.DisposeAsync();
    }
}
