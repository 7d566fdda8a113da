using AutonomOS.Embedded;
using AutonomOS.Records;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Tests.Records.Databases;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Records;

/// <summary>One process's view of the records: a real database, and a real store, which may both be shared with others.</summary>
public sealed class RecordsProcess : IAsyncDisposable
{
    private readonly StoreConnection _connection;

    private RecordsProcess(RecordsDatabase database, StoreConnection connection, RedisJobStore store)
    {
        _connection = connection;
        Database = database;
        Store = store;
        Publisher = new TenantPublisher(database, store, TimeProvider.System, NullLogger<TenantPublisher>.Instance);
        Keys = new ApiKeyCache(database, TimeProvider.System, NullLogger<ApiKeyCache>.Instance);
        Tenants = new TenantRegistry(database, Publisher, Keys, TimeProvider.System);
        Archive = new JobArchive(database);
        Audit = new AuditLog(database);
    }

    public RecordsDatabase Database { get; }

    public RedisJobStore Store { get; }

    public TenantPublisher Publisher { get; }

    public ApiKeyCache Keys { get; }

    public TenantRegistry Tenants { get; }

    public JobArchive Archive { get; }

    public AuditLog Audit { get; }

    /// <summary>Who does what the tests do.</summary>
    public static Actor Who { get; } = Actor.Admin("192.0.2.7");

    public static async Task<RecordsProcess> OpenAsync(RecordsPlace place, StoreOptions store)
    {
        var database = place.Open();
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

/// <summary>An embedded store and databases for the records; each test opens one of its own.</summary>
public abstract class RecordsFixture : IAsyncLifetime
{
    private EmbeddedStore? _store;
    private int _names;

    /// <summary>Generous, so that a busy machine is not taken for a store that is away.</summary>
    public StoreOptions Store => _store!.Connection with { DeadlineMs = 5000 };

    protected TempDirectory Directory { get; } = new();

    /// <summary>A new, empty database.</summary>
    public abstract Task<RecordsPlace> NewPlaceAsync();

    /// <summary>A process of its own on a new database.</summary>
    public async Task<RecordsProcess> NewProcessAsync() => await RecordsProcess.OpenAsync(await NewPlaceAsync(), Store);

    public async ValueTask InitializeAsync() => _store = await EmbeddedStore.StartAsync(new() { SocketPath = Directory.File("s") });

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        Directory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A tenant id that no other test uses: they share the store.</summary>
    public TenantId NewTenant() => TenantId.Parse($"t{Interlocked.Increment(ref _names)}");

    /// <summary>A tenant with an id of its own.</summary>
    public async Task<TenantId> NewTenantAsync(RecordsProcess process, int retentionSeconds = 3600)
    {
        var id = NewTenant();
        Assert.Equal(TenantChangeStatus.Done, (await process.Tenants.CreateAsync(RecordsProcess.Who, id, 1, new TenantLimits { RetentionSeconds = retentionSeconds })).Status);
        return id;
    }
}

/// <summary>The records in SQLite files.</summary>
public sealed class SqliteRecordsFixture : RecordsFixture
{
    private int _files;

    public override Task<RecordsPlace> NewPlaceAsync() => Task.FromResult<RecordsPlace>(new SqlitePlace(Directory.File($"records-{Interlocked.Increment(ref _files)}.db")));
}

/// <summary>The records in PostgreSQL databases.</summary>
public sealed class PostgreSqlRecordsFixture(PostgreSqlCluster cluster) : RecordsFixture
{
    public override async Task<RecordsPlace> NewPlaceAsync() => await NewPostgreSqlPlaceAsync();

    public async Task<PostgreSqlPlace> NewPostgreSqlPlaceAsync() => new(cluster, await cluster.NewDatabaseAsync());
}
