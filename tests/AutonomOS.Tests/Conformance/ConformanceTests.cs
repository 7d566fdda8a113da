using System.Globalization;
using System.Text;
using AutonomOS.Jobs;
using AutonomOS.Reconciliation;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using StackExchange.Redis;

namespace AutonomOS.Tests.Conformance;

/// <summary>
/// What a store must do, whoever made it. Each suite is abstract and runs on every kind of store, each with a server of
/// its own; each test has tenants and a pool of its own.
/// </summary>
public abstract class ConformanceTests(StoreFixture store) : IAsyncLifetime
{
    private const int ClaimRoundsMax = 200;
    private const int RestRoundsMax = 200;

    private static int _names;

    private RedisJobStore? _platform;

    /// <summary>How long a test waits for something that must come.</summary>
    protected static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected StoreFixture Store { get; } = store;

    /// <summary>The tenants' side.</summary>
    protected IJobStore Jobs => _platform!;

    /// <summary>The workers' side.</summary>
    protected IWorkStore Work => _platform!;

    protected StoreConnection Connection { get; private set; } = null!;

    /// <summary>The pool of this test.</summary>
    protected string Pool { get; } = NewName("pool");

    public virtual async ValueTask InitializeAsync()
    {
        if (Store.Missing is not null)
        {
            RedisServer.Need();
        }

        Connection = await Store.SharedAsync();
        _platform = Open(Connection);
    }

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected static RedisJobStore Open(StoreConnection connection, ScriptCatalog? scripts = null) => new(connection, TimeProvider.System, scripts);

    protected static string NewName(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{Interlocked.Increment(ref _names)}");

    /// <summary>Several platforms, each on a connection of its own, as several processes have.</summary>
    protected async Task<RedisJobStore[]> OpenManyAsync(int count)
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => Store.ConnectAsync()));
        return [.. connections.Select(c => Open(c))];
    }

    /// <summary>Makes a tenant.</summary>
    protected async Task<TenantSettings> TenantAsync(int maxConcurrent = 5, int maxQueued = 10_000, Func<TenantSettings, TenantSettings>? change = null)
    {
        var settings = new TenantSettings
        {
            Id = TenantId.Parse(NewName("tenant")),
            Epoch = 1,
            Limits = new() { MaxConcurrent = maxConcurrent, MaxQueued = maxQueued },
        };
        settings = change is null ? settings : change(settings);
        await Jobs.ApplyTenantAsync(settings, Ct);
        return settings;
    }

    /// <summary>Writes changed settings as the next version.</summary>
    protected async Task<TenantSettings> ChangeAsync(TenantSettings settings, Func<TenantSettings, TenantSettings> change)
    {
        var changed = change(settings) with { Version = settings.Version + 1 };
        await Jobs.ApplyTenantAsync(changed, Ct);
        return changed;
    }

    protected JobSubmission Job(string payload = "", string? key = null, int priority = 5, long delayMs = 0, int maxAttempts = 3, string? pool = null, long timeoutMs = 60_000) => new()
    {
        Id = JobId.New(TimeProvider.System),
        Type = "test",
        Pool = pool ?? Pool,
        Payload = Encoding.UTF8.GetBytes(payload),
        IdempotencyKey = key,
        Priority = priority,
        DelayMs = delayMs,
        MaxAttempts = maxAttempts,
        TimeoutMs = timeoutMs,
    };

    protected async Task<SubmitResult> TrySubmitAsync(TenantSettings tenant, JobSubmission job) => (await Jobs.SubmitAsync(tenant.Id, tenant.Epoch, [job], Ct))[0];

    /// <summary>Submits a job that must be accepted.</summary>
    protected async Task<JobId> SubmitAsync(TenantSettings tenant, JobSubmission? job = null)
    {
        job ??= Job();
        var result = await TrySubmitAsync(tenant, job);
        Assert.Equal(new SubmitResult(SubmitStatus.Accepted, job.Id), result);
        return job.Id;
    }

    /// <summary>Submits jobs that must all be accepted.</summary>
    protected async Task<JobId[]> SubmitAsync(TenantSettings tenant, int count)
    {
        var jobs = Enumerable.Range(0, count).Select(i => Job(i.ToString(CultureInfo.InvariantCulture))).ToArray();
        foreach (var chunk in jobs.Chunk(500))
        {
            Assert.All(await Jobs.SubmitAsync(tenant.Id, tenant.Epoch, chunk, Ct), r => Assert.Equal(SubmitStatus.Accepted, r.Status));
        }

        return [.. jobs.Select(j => j.Id)];
    }

    protected Task<ClaimResult> ClaimResultAsync(int slots, int leaseMs = 60_000, string? pool = null, int reserve = 0, string workerId = "worker") =>
        Work.ClaimAsync(new() { Pool = pool ?? Pool, WorkerId = workerId, Slots = slots, LeaseMs = leaseMs, ReserveSlots = reserve }, Ct);

    /// <summary>Claims as a worker does: again and again until its slots are full or there is nothing more to pick.</summary>
    protected async Task<IReadOnlyList<LeasedJob>> ClaimAsync(int slots, int leaseMs = 60_000, string? pool = null)
    {
        var jobs = new List<LeasedJob>();
        for (var round = 0; jobs.Count < slots; round++)
        {
            Assert.InRange(round, 0, ClaimRoundsMax);
            var claim = await ClaimResultAsync(slots - jobs.Count, leaseMs, pool);
            jobs.AddRange(claim.Jobs);
            if (claim.Latched)
            {
                break;
            }
        }

        return jobs;
    }

    /// <summary>Claims one job, which must be there.</summary>
    protected async Task<LeasedJob> ClaimOneAsync(int leaseMs = 60_000, string? pool = null) => Assert.Single(await ClaimAsync(1, leaseMs, pool));

    protected async Task<TransitionResult> SettleAsync(LeasedJob job, AttemptEnd end = AttemptEnd.Completed, string? error = null, string result = "", long retryDelayMs = 0) =>
        Assert.Single(await Work.SettleAsync([new(LeaseKey.Of(job), end, Encoding.UTF8.GetBytes(result), error, retryDelayMs)], Ct));

    protected async Task<TransitionResult> HandBackAsync(LeasedJob job) => Assert.Single(await Work.HandBackAsync([LeaseKey.Of(job)], Ct));

    protected async Task<RenewResult> RenewAsync(LeasedJob job, int leaseMs = 60_000) =>
        Assert.Single(await Work.RenewAsync([new(LeaseKey.Of(job), Work.StoreNowMs + leaseMs)], leaseMs, Ct));

    protected async Task<JobSnapshot> GetAsync(TenantSettings tenant, JobId id)
    {
        var job = await Jobs.GetAsync(tenant.Id, id, Ct);
        Assert.NotNull(job);
        return job;
    }

    protected async Task<TenantUsage> UsageAsync(TenantSettings tenant)
    {
        var usage = await Jobs.UsageAsync(tenant.Id, Ct);
        Assert.NotNull(usage);
        return usage;
    }

    /// <summary>All of a tenant's jobs, through the pages of its list.</summary>
    protected async Task<IReadOnlyList<JobSnapshot>> ListAsync(TenantSettings tenant, JobState? state = null, int pageSize = 200)
    {
        var all = new List<JobSnapshot>();
        string? cursor = null;
        do
        {
            var page = await Jobs.ListAsync(tenant.Id, state, cursor, pageSize, Ct);
            all.AddRange(page.Jobs);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>Claims and completes until nothing is left to claim.</summary>
    protected async Task<IReadOnlyList<JobId>> DrainAsync(string? pool = null)
    {
        var done = new List<JobId>();
        while (true)
        {
            var jobs = await ClaimAsync(100, pool: pool);
            if (jobs.Count == 0)
            {
                return done;
            }

            foreach (var job in jobs)
            {
                Assert.Equal(TransitionResult.Done, await SettleAsync(job));
                done.Add(job.Id);
            }
        }
    }

    /// <summary>Waits until something holds, looking again every few milliseconds, at most <see cref="Soon"/> unless said otherwise.</summary>
    protected static async Task UntilAsync(Func<Task<bool>> holds, string what, TimeSpan? most = null)
    {
        var bound = most ?? Soon;
        var start = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < bound, $"Still not so after {bound.TotalSeconds} s: {what}");
            await Task.Delay(10, Ct);
        }
    }

    /// <summary>Waits for the wake-up of a worker that is on the waiting list.</summary>
    protected static async Task WokenAsync(IWorkerInbox inbox)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        bound.CancelAfter(Soon);
        await foreach (var signal in inbox.Signals.ReadAllAsync(bound.Token))
        {
            if (signal is WorkerSignal.Wake)
            {
                return;
            }
        }

        Assert.Fail("The inbox closed without a wake-up.");
    }

    /// <summary>Every key of one tenant, by walking the keyspace as a repairer from outside would.</summary>
    protected async Task<IReadOnlyList<string>> KeysAsync(TenantSettings tenant) =>
        [.. (await KeysAsync()).Where(key => key.Contains($":tenant:{{{tenant.Id.Value}}}", StringComparison.Ordinal))];

    /// <summary>Every key in the store.</summary>
    protected async Task<IReadOnlyList<string>> KeysAsync()
    {
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        var cursor = "0";
        do
        {
            var page = (RedisResult[])(await Connection.RunAsync(db => db.ExecuteAsync("SCAN", cursor, "COUNT", 1000), write: false, Ct))!;
            cursor = page[0].ToString();
            keys.UnionWith((string[])page[1]!);
        }
        while (cursor != "0");
        return [.. keys];
    }

    /// <summary>Has the reconciler visit every tenant until there is nothing left to do.</summary>
    /// <returns>What it did.</returns>
    protected static async Task<SweepReport> RestAsync(Reconciler reconciler)
    {
        var total = new SweepReport();
        // A tenant absent from the index is a suspect at the first visit and indexed anew at the second.
        var rounds = 0;
        for (var quiet = 0; quiet < 2; rounds++)
        {
            Assert.True(rounds < RestRoundsMax, $"The reconciler never comes to rest: {total}");
            var report = await reconciler.SweepAllAsync(reap: true, Ct);
            quiet = report == new SweepReport() ? quiet + 1 : 0;
            total += report;
        }

        return total;
    }
}
