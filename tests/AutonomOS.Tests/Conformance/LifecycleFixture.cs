using AutonomOS.Archiving;
using AutonomOS.Jobs;
using AutonomOS.Lifecycle;
using AutonomOS.Records;
using AutonomOS.Records.Sqlite;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Conformance;

/// <summary>A store, a real SQLite file beside it, and what joins the two.</summary>
public abstract class LifecycleFixture(StoreFixture store) : ConformanceTests(store)
{
    /// <summary>Jobs leave the store as soon as they have finished.</summary>
    protected static readonly FinishedJobsOptions AtOnce = new() { LiveMs = 0 };

    protected static readonly Actor Operator = Actor.Admin(null);

    private readonly TempDirectory _directory = new();
    private TenantPublisher? _publisher;
    private ApiKeyCache? _keys;
    private SqliteRecords? _records;

    protected string RecordsFile => _directory.File("records.db");

    private protected TenantRegistry Registry { get; private set; } = null!;

    protected JobArchive Archive { get; private set; } = null!;

    protected JobReader Reader { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _records = new SqliteRecords(RecordsFile);
        await _records.MigrateAsync(Ct);
        _publisher = new TenantPublisher(_records, Jobs, TimeProvider.System, NullLogger<TenantPublisher>.Instance);
        _keys = new ApiKeyCache(_records, TimeProvider.System, NullLogger<ApiKeyCache>.Instance);
        Registry = new TenantRegistry(_records, _publisher, _keys, TimeProvider.System);
        Archive = new JobArchive(_records);
        Reader = new JobReader(Jobs, Archive);
    }

    public override async ValueTask DisposeAsync()
    {
        _keys?.Dispose();
        _publisher?.Dispose();
        _records?.Dispose();
        _directory.Dispose();
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
    }

    protected Archiver NewArchiver(FinishedJobsOptions? options = null, ScriptCatalog? scripts = null) =>
        new(Connection, Archive, options ?? AtOnce, TimeProvider.System, NullLogger<Archiver>.Instance, scripts);

    protected TenantRemoval NewRemoval(ScriptCatalog? scripts = null) =>
        new(Connection, Registry, _publisher!, NewArchiver(scripts: scripts), TimeProvider.System, NullLogger<TenantRemoval>.Instance, scripts);

    /// <summary>A tenant that the records know too.</summary>
    protected async Task<TenantSettings> RecordedTenantAsync(int maxConcurrent = 5, TenantId? id = null, TenantLimits? limits = null)
    {
        var made = await Registry.CreateAsync(Operator, id ?? TenantId.Parse(NewName("tenant")), 1, (limits ?? new TenantLimits()) with { MaxConcurrent = maxConcurrent });
        Assert.True(made is { Status: TenantChangeStatus.Done, Tenant.Applied: true });
        return made.Tenant!.Settings;
    }

    /// <summary>Archives until nothing is left to.</summary>
    protected static async Task ArchiveAllAsync(Archiver archiver, TenantSettings tenant, bool all = true)
    {
        while (!await archiver.ArchiveAsync(tenant.Id, all, Ct))
        {
        }
    }

    /// <summary>All of a tenant's jobs, live and archived, through the pages of their list.</summary>
    protected async Task<IReadOnlyList<JobSnapshot>> ReadAllAsync(TenantSettings tenant, JobState? state = null, int pageSize = 200)
    {
        var all = new List<JobSnapshot>();
        string? cursor = null;
        do
        {
            var page = await Reader.ListAsync(tenant.Id, tenant.Epoch, state, cursor, pageSize, Ct);
            Assert.True(page.Jobs.Count <= pageSize, $"A page of {pageSize} held {page.Jobs.Count}.");
            all.AddRange(page.Jobs);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return all;
    }
}
