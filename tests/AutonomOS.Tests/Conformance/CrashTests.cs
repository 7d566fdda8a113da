using AutonomOS.Jobs;
using AutonomOS.Reconciliation;
using AutonomOS.Scheduling;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Conformance;

/// <summary>
/// Any prefix of any script is safe. Goal: whatever write a script dies before, the reconciler brings the tenant back to
/// where every accepted job is in exactly one place, runs and ends, no slot is lost, and nothing is left behind.
/// </summary>
/// <remarks>
/// Method: each act is tried with its script dying after 0, 1, 2, … writes until it completes, every time on a tenant
/// and a pool of its own. Then either the reconciler or a healthy worker comes first. Then the structures are audited in
/// the store itself, all jobs are run, retention passes, and the keys are counted.
/// </remarks>
public abstract class CrashTests(StoreFixture store) : ConformanceTests(store)
{
    private const int LeaseMs = 200;

    /// <summary>Twice the slot time that a claim charges for a tenant's first attempts.</summary>
    private const int EstimateMs = 20;

    private const int Limit = 12;
    private const int PrefixesMax = 60;
    private const int PrefixesAtOnce = 45;

    private static readonly Dictionary<string, Act> Acts = new(StringComparer.Ordinal)
    {
        ["submit"] = new("submit", SubmitPrepareAsync, SubmitAsync, SubmitAgainAsync),
        ["claim"] = new("claim", ClaimPrepareAsync, (c, p) => p.Platform.ClaimAsync(Request(c), Ct)),
        ["renew"] = new("renew", ChargedPrepareAsync, (c, p) => p.Platform.RenewAsync([.. c.Running.Select(j => new Renewal(LeaseKey.Of(j), p.Platform.StoreNowMs + LeaseMs))], LeaseMs, Ct)),
        ["settle completed"] = new("settle", RunningPrepareAsync, (c, p) => SettleAsync(c, p.Platform, AttemptEnd.Completed), (c, p) => SettleAgainAsync(c, p, AttemptEnd.Completed)),
        ["settle failed"] = new("settle", RunningPrepareAsync, (c, p) => SettleAsync(c, p.Platform, AttemptEnd.Failed)),
        ["settle failed for good"] = new("settle", RunningPrepareAsync, (c, p) => SettleAsync(c, p.Platform, AttemptEnd.FailedForGood), (c, p) => SettleAgainAsync(c, p, AttemptEnd.FailedForGood)),
        ["hand back"] = new("handback", RunningPrepareAsync, (c, p) => p.Platform.HandBackAsync([.. c.Running.Select(LeaseKey.Of)], Ct)),
        ["hand back cancelled"] = new("handback", CancelledRunningPrepareAsync, (c, p) => p.Platform.HandBackAsync([.. c.Running.Select(LeaseKey.Of)], Ct)),
        ["progress"] = new("progress", RunningPrepareAsync, (c, p) => p.Platform.ReportProgressAsync(LeaseKey.Of(c.Running[0]), 50, "half", Ct)),
        ["cancel queued"] = new("cancel", ClaimPrepareAsync, CancelFirstAsync),
        ["cancel delayed"] = new("cancel", DelayedPrepareAsync, CancelFirstAsync),
        ["cancel running"] = new("cancel", RunningPrepareAsync, (c, p) => p.Platform.CancelAsync(c.Tenant.Id, c.Running[0].Id, Ct)),
        ["retry"] = new("retry", FailedPrepareAsync, (c, p) => p.Platform.RetryAsync(c.Tenant.Id, c.Accepted[0], Ct)),
        ["tenant"] = new("tenant", ClaimPrepareAsync, (c, p) => p.Platform.ApplyTenantAsync(Raised(c.Tenant), Ct), (c, p) => p.ApplyTenantAsync(Raised(c.Tenant), Ct)),
        ["pick"] = new("pick", ClaimPrepareAsync, (c, p) => p.Platform.ClaimAsync(Request(c), Ct)),
        ["sweep"] = new("sweep", SweepPrepareAsync, SweepAsync) { BeforeMs = 1300 },
    };

    public static TheoryData<string> All() => [.. Acts.Keys];

    [Theory]
    [MemberData(nameof(All))]
    public async Task AnyPrefix_ThenTheReconciler_EverythingAddsUp(string act)
    {
        var what = Acts[act];
        var prepared = new List<Case[]>();
        var cases = new List<Case>();
        var completed = false;
        while (!completed && prepared.Count < PrefixesMax)
        {
            var pair = await Task.WhenAll(new[] { false, true }.Select(async workersFirst =>
                new Case(await TenantAsync(2, Limit - 2, t => t with { Limits = t.Limits with { RetentionSeconds = what.BeforeMs > 0 ? 1 : 3600 } }), NewName("crash"), prepared.Count, workersFirst)));
            foreach (var made in pair)
            {
                await what.PrepareAsync(made, this);
            }

            prepared.Add(pair);
            if (what.BeforeMs == 0)
            {
                completed = !await DieAsync(pair);
            }
            else if (prepared.Count == PrefixesAtOnce)
            {
                var ready = Work.StoreNowMs + what.BeforeMs;
                await UntilAsync(() => Task.FromResult(Work.StoreNowMs > ready), "the clock went on");
                foreach (var waited in prepared)
                {
                    completed = completed || !await DieAsync(waited);
                }

                break;
            }
        }

        Assert.True(completed, $"The script never completed: {cases.Count / 2} prefixes were not all.");
        Assert.True(cases.Count > 2, "The script never died.");
        foreach (var made in cases.Where(c => c.WorkersFirst))
        {
            await RunAllAsync(made);
        }

        var lapsed = Work.StoreNowMs + LeaseMs + 10;
        await UntilAsync(() => Task.FromResult(Work.StoreNowMs > lapsed), "all leases lapsed");
        await using var reconciler = new Reconciler(Connection, new(), TimeProvider.System, NullLogger<Reconciler>.Instance);
        await RestAsync(reconciler);
        foreach (var made in cases)
        {
            await AuditAsync(made, "after the reconciler");
            Assert.Equal(0, (await UsageAsync(made.Tenant)).Running);
            if (what.AgainAsync is not null)
            {
                await what.AgainAsync(made, Healthy);
            }
        }

        // Retries of the acts and of failed attempts become due meanwhile.
        await UntilAsync(
            async () =>
            {
                await RestAsync(reconciler);
                var left = 0;
                foreach (var made in cases)
                {
                    await RunAllAsync(made);
                    left += (await UsageAsync(made.Tenant)).Active;
                }

                return left == 0;
            },
            "every accepted job ended");
        foreach (var made in cases)
        {
            var ended = await ListAsync(made.Tenant);
            Assert.All(ended, j => Assert.True(j.State is JobState.Completed or JobState.Failed or JobState.Cancelled, $"{made}: {j.Id} is {j.State}"));
            await AuditAsync(made, "at the end");
        }

        // Only now: a slow machine must not take a job away before it was looked at.
        foreach (var made in cases)
        {
            await Jobs.ApplyTenantAsync(made.Tenant with { Version = 99, Limits = made.Tenant.Limits with { RetentionSeconds = 1 } }, Ct);
        }

        var kept = Work.StoreNowMs + 1100;
        await UntilAsync(() => Task.FromResult(Work.StoreNowMs > kept), "the retention passed");
        await RestAsync(reconciler);
        foreach (var made in cases)
        {
            Assert.Equal([StoreKeys.Meta(made.Tenant.Id)], (await KeysAsync(made.Tenant)).Where(k => k != StoreKeys.Repair(made.Tenant.Id)));
            // No place is lost either: exactly the limit is admitted.
            var jobs = Enumerable.Range(0, Limit + 1).Select(_ => Job("x", pool: made.Pool)).ToArray();
            var results = await Jobs.SubmitAsync(made.Tenant.Id, made.Tenant.Epoch, jobs, Ct);
            Assert.Equal(Limit, results.Count(r => r.Status == SubmitStatus.Accepted));
            Assert.Equal(Limit, (await UsageAsync(made.Tenant)).PayloadBytes);
            Assert.Equal(Limit, await RunAllAsync(made));
            Assert.Equal(0, (await UsageAsync(made.Tenant)).PayloadBytes);
            await Connection.RunAsync(db => db.SortedSetRemoveAsync(StoreKeys.Tenants, made.Tenant.Id.Value), write: true, Ct);
        }

        // Both of a pair die or neither does.
        async Task<bool> DieAsync(Case[] pair)
        {
            var died = 0;
            foreach (var made in pair)
            {
                cases.Add(made);
                var scripts = ScriptCatalog.CrashingAfter(what.Script, made.Writes);
                await using var dying = Open(Connection, scripts);
                try
                {
                    await what.RunAsync(made, new(dying, Connection, scripts));
                }
                catch (OutcomeUnknownException error) when (error.Message.Contains("the script dies here", StringComparison.Ordinal))
                {
                    died++;
                }
            }

            Assert.True(died == 0 || died == pair.Length, $"{died} of {pair.Length} died after {pair[0].Writes} writes.");
            return died > 0;
        }
    }

    /// <summary>The index is told in the background, so nobody is thrown at: the acts are counted instead.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task IndexDying_AnyPrefix_TheReconcilerMakesTheTenantRunnable(bool running)
    {
        const int WritesMost = 8;
        await using var reconciler = new Reconciler(Connection, new(), TimeProvider.System, NullLogger<Reconciler>.Instance);
        var diedBeforeTelling = 0;
        var told = 0;
        for (var writes = 0; writes <= WritesMost; writes++)
        {
            var made = new Case(await TenantAsync(), NewName("crash"), writes);
            if (running)
            {
                await SubmitAsync(made.Tenant, Job(pool: made.Pool));
                await ClaimOneAsync(pool: made.Pool);
            }

            var dying = Open(Connection, ScriptCatalog.CrashingAfter("index", writes));
            var job = Job(pool: made.Pool);
            Assert.Equal(SubmitStatus.Accepted, (await dying.SubmitAsync(made.Tenant.Id, 1, [job], Ct))[0].Status);
            await dying.DisposeAsync();
            if (await Connection.RunAsync(db => db.SortedSetScoreAsync(StoreKeys.Ready(made.Pool), made.Tenant.Id.Value), write: false, Ct) is null)
            {
                diedBeforeTelling++;
            }
            else
            {
                told++;
            }

            await RestAsync(reconciler);
            Assert.Equal(job.Id, (await ClaimOneAsync(pool: made.Pool)).Id);
        }

        Assert.True(diedBeforeTelling > 0 && told > 0, $"{diedBeforeTelling} died before the index was told, {told} after.");
    }

    /// <summary>The check itself goes red: the order that the table of scripts warns of.</summary>
    [Fact]
    public async Task ClaimThatUnqueuesFirst_DiesInBetween_TheJobIsLostAndTheAuditSaysSo()
    {
        var made = new Case(await TenantAsync(), NewName("crash"), 0);
        var id = await SubmitAsync(made.Tenant, Job(pool: made.Pool));
        var wrong = ScriptCatalog.Shipped.With("claim", "if redis.call('ZREM', 'job:queue:tenant:{' .. ARGV[1] .. '}:pool:' .. ARGV[3], (redis.call('ZRANGE', 'job:queue:tenant:{' .. ARGV[1] .. '}:pool:' .. ARGV[3], 0, 0))[1]) == 1 then error('the script dies here') end");
        await using var platform = Open(Connection, wrong);
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => platform.ClaimAsync(Request(made), Ct));

        var audit = await TenantAudit.TakeAsync(Connection, made.Tenant.Id, await KeysAsync(made.Tenant), Ct);

        Assert.Contains(audit.Faults, fault => fault == $"{id} (pending) is in 0 places");
    }

    private RedisJobStore Healthy => (RedisJobStore)Jobs;

    private static ClaimRequest Request(Case made) => new() { Pool = made.Pool, WorkerId = "crash", Slots = 2, LeaseMs = LeaseMs };

    private static TenantSettings Raised(TenantSettings tenant) => tenant with { Version = 2, Weight = 2 };

    private static async Task SubmitPrepareAsync(Case made, CrashTests t) => made.Accepted.Add(await t.SubmitAsync(made.Tenant, t.Job("bystander", pool: made.Pool)));

    private static async Task SubmitAsync(Case made, Dying dying)
    {
        made.Offered = [New(made, "plain"), New(made, "keyed") with { IdempotencyKey = "k" }, New(made, "later") with { DelayMs = 50 }, New(made, "keyed later") with { IdempotencyKey = "l", DelayMs = 50 }];
        await dying.Platform.SubmitAsync(made.Tenant.Id, made.Tenant.Epoch, made.Offered, Ct);
    }

    private static async Task SubmitAgainAsync(Case made, RedisJobStore platform)
    {
        // What a client does after "outcome unknown": the same keys, and ids of its own.
        var again = made.Offered.Where(j => j.IdempotencyKey is not null).Select(j => j with { Id = JobId.New(TimeProvider.System) }).ToArray();
        var results = await platform.SubmitAsync(made.Tenant.Id, made.Tenant.Epoch, again, Ct);
        Assert.All(results, r => Assert.True(r.IsAccepted, $"{made}: {r}"));
        foreach (var result in results)
        {
            Assert.NotNull(await platform.GetAsync(made.Tenant.Id, result.Id, Ct));
            made.Accepted.Add(result.Id);
        }
    }

    private static async Task ClaimPrepareAsync(Case made, CrashTests t)
    {
        for (var i = 0; i < 3; i++)
        {
            made.Accepted.Add(await t.SubmitAsync(made.Tenant, t.Job("x", pool: made.Pool)));
        }
    }

    private static async Task DelayedPrepareAsync(Case made, CrashTests t)
    {
        made.Accepted.Add(await t.SubmitAsync(made.Tenant, t.Job("x", pool: made.Pool, delayMs: 100)));
        made.Accepted.Add(await t.SubmitAsync(made.Tenant, t.Job("x", pool: made.Pool)));
    }

    private static async Task RunningPrepareAsync(Case made, CrashTests t)
    {
        await ClaimPrepareAsync(made, t);
        made.Running.AddRange(await t.ClaimAsync(2, LeaseMs, made.Pool));
        Assert.Equal(2, made.Running.Count);
    }

    /// <summary>Attempts that have run for longer than was charged for them beforehand, so that every renewal has a charge to write.</summary>
    private static async Task ChargedPrepareAsync(Case made, CrashTests t)
    {
        await RunningPrepareAsync(made, t);
        var charged = t.Work.StoreNowMs + EstimateMs;
        await UntilAsync(() => Task.FromResult(t.Work.StoreNowMs > charged), "the attempts outran what was charged");
    }

    private static async Task CancelledRunningPrepareAsync(Case made, CrashTests t)
    {
        await RunningPrepareAsync(made, t);
        await t.Jobs.CancelAsync(made.Tenant.Id, made.Running[0].Id, Ct);
    }

    private static async Task FailedPrepareAsync(Case made, CrashTests t)
    {
        await RunningPrepareAsync(made, t);
        await t.SettleAsync(made.Running[0], AttemptEnd.FailedForGood, "failed");
        await t.SettleAsync(made.Running[1]);
    }

    /// <summary>Everything that a visit has to do, at once.</summary>
    private static async Task SweepPrepareAsync(Case made, CrashTests t)
    {
        made.Accepted.Add(await t.SubmitAsync(made.Tenant, t.Job("finished", key: "k", pool: made.Pool)));
        await t.SettleAsync(await t.ClaimOneAsync(pool: made.Pool));
        await t.SubmitAsync(made.Tenant, t.Job("lapses", pool: made.Pool));
        await t.SubmitAsync(made.Tenant, t.Job("lapses, cancelled", pool: made.Pool));
        var lapsing = await t.ClaimAsync(2, LeaseMs, made.Pool);
        await t.Jobs.CancelAsync(made.Tenant.Id, lapsing[1].Id, Ct);
        await t.ChangeAsync(made.Tenant, s => s with { Limits = s.Limits with { MaxConcurrent = 3, MaxQueued = Limit - 3 } });
        await t.SubmitAsync(made.Tenant, t.Job("outruns its time", pool: made.Pool, timeoutMs: 1000));
        await t.ClaimOneAsync(pool: made.Pool);
        await t.SubmitAsync(made.Tenant, t.Job("due", pool: made.Pool, delayMs: 100));
        made.Accepted.Clear();
    }

    private static async Task SweepAsync(Case made, Dying dying)
    {
        var scripts = new TenantScripts(dying.Connection, dying.Scripts);
        await using var index = new ReadyIndex(scripts, dying.Scripts, TimeProvider.System, NullLogger.Instance);
        await new TenantSweep(scripts, index, new()).VisitAsync(made.Tenant.Id, reap: true, Ct);
    }

    private static async Task SettleAsync(Case made, RedisJobStore platform, AttemptEnd end) =>
        await platform.SettleAsync([.. made.Running.Select(j => new Settlement(LeaseKey.Of(j), end, "result"u8.ToArray(), "error", RetryDelayMs: 20))], Ct);

    private static async Task SettleAgainAsync(Case made, RedisJobStore platform, AttemptEnd end)
    {
        // The reconciler may have taken the lease: then the attempt's word is stale. Never both, never neither.
        foreach (var job in made.Running)
        {
            var result = (await platform.SettleAsync([new(LeaseKey.Of(job), end, "result"u8.ToArray(), "error")], Ct))[0];
            var state = (await platform.GetAsync(made.Tenant.Id, job.Id, Ct))!;
            Assert.Equal(result == TransitionResult.Done, state.Attempt == 1 && state.State is JobState.Completed or JobState.Failed);
        }
    }

    private static async Task CancelFirstAsync(Case made, Dying dying) => await dying.Platform.CancelAsync(made.Tenant.Id, made.Accepted[0], Ct);

    private static JobSubmission New(Case made, string payload) => new()
    {
        Id = JobId.New(TimeProvider.System),
        Type = "test",
        Pool = made.Pool,
        Payload = System.Text.Encoding.UTF8.GetBytes(payload),
    };

    private async Task<int> RunAllAsync(Case made)
    {
        var ran = 0;
        while (await ClaimAsync(10, LeaseMs * 100, made.Pool) is { Count: > 0 } jobs)
        {
            foreach (var job in jobs)
            {
                Assert.Equal(TransitionResult.Done, await SettleAsync(job));
                ran++;
            }
        }

        return ran;
    }

    private async Task AuditAsync(Case made, string when)
    {
        var audit = await TenantAudit.TakeAsync(Connection, made.Tenant.Id, await KeysAsync(made.Tenant), Ct);
        Assert.True(audit.Faults.Count == 0, $"{made}, {when}: {string.Join("; ", audit.Faults)}");
        Assert.All(made.Accepted, id => Assert.True(audit.States.ContainsKey(id.Value), $"{made}, {when}: accepted job {id} is gone"));
    }

    private sealed record Act(string Script, Func<Case, CrashTests, Task> PrepareAsync, Func<Case, Dying, Task> RunAsync, Func<Case, RedisJobStore, Task>? AgainAsync = null)
    {
        /// <summary>Time that has to pass between preparing and acting, in milliseconds; 0 for none.</summary>
        public int BeforeMs { get; init; }
    }

    /// <summary>A platform one of whose scripts dies.</summary>
    private sealed record Dying(RedisJobStore Platform, StoreConnection Connection, ScriptCatalog Scripts);

    private sealed class Case(TenantSettings tenant, string pool, int writes, bool workersFirst = false)
    {
        public TenantSettings Tenant { get; } = tenant;

        public string Pool { get; } = pool;

        public int Writes { get; } = writes;

        /// <summary>Whether a healthy worker comes before the reconciler.</summary>
        public bool WorkersFirst { get; } = workersFirst;

        public List<JobId> Accepted { get; } = [];

        public List<LeasedJob> Running { get; } = [];

        public JobSubmission[] Offered { get; set; } = [];

        public override string ToString() => $"dying after {Writes} writes, {(WorkersFirst ? "a worker" : "the reconciler")} first";
    }
}

public sealed class CrashesOnGarnet(EmbeddedFixture store) : CrashTests(store), IClassFixture<EmbeddedFixture>;

public sealed class CrashesOnRedis(RedisFixture store) : CrashTests(store), IClassFixture<RedisFixture>;
