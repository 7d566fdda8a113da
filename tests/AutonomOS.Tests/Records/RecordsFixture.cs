using AutonomOS.Embedded;
using AutonomOS.Records;
using AutonomOS.Records.Sqlite;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Records;

/// <summary>One process's view of the records: a real SQLite file, and a real store, which may be shared with others.</summary>
public sealed class RecordsProcess : IAsyncDisposable
{
    private readonly StoreConnection _connection;

    private RecordsProcess(SqliteRecords database, StoreConnection connection, RedisJobStore store)
    {
        _connection = connection;
        Database = database;
        Store = store;
        Publisher = new TenantPublisher(database, store, TimeProvider.System, NullLogger<TenantPublisher>.Instance);
        Keys = new ApiKeyCache(database, TimeProvider.System, NullLogger<ApiKeyCache>.Instance);
        Tenants = new TenantRegistry(database, Publisher, Keys, TimeProvider.System);
        Archive = new JobArchive(database);
    }

    public SqliteRecords Database { get; }

    public RedisJobStore Store { get; }

    public TenantPublisher Publisher { get; }

    public ApiKeyCache Keys { get; }

    public TenantRegistry Tenants { get; }

    public JobArchive Archive { get; }

    public static async Task<RecordsProcess> OpenAsync(string path, StoreOptions store)
    {
        var database = new SqliteRecords(path);
        await database.MigrateAsync(TestContext.Current.CancellationToken);
        var connection = await StoreConnection.ConnectAsync(store, TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
        return new RecordsProcess(database, connection, new RedisJobStore(connection, TimeProvider.System));
    }

    public async ValueTask DisposeAsync()
    {
        Keys.Dispose();
        Publisher.Dispose();
        await Store.DisposeAsync();
        await _connection.DisposeAsync();
        Database.Dispose();
    }
}

/// <summary>An embedded store and a directory for the records; each test opens files of its own.</summary>
public sealed class RecordsFixture : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private EmbeddedStore? _store;
    private int _files;

    /// <summary>Generous, so that a busy machine is not taken for a store that is away.</summary>
    public StoreOptions Store => _store!.Connection with { DeadlineMs = 5000 };

    public string NewFile() => _directory.File($"records-{Interlocked.Increment(ref _files)}.db");

    public async ValueTask InitializeAsync() => _store = await EmbeddedStore.StartAsync(new() { SocketPath = _directory.File("s") });

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _directory.Dispose();
    }

    /// <summary>A tenant id that no other test uses: they share the store.</summary>
    public TenantId NewTenant() => TenantId.Parse($"t{Interlocked.Increment(ref _files)}");
}
