using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tests.Conformance;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using Microsoft.Extensions.DependencyInjection;

namespace AutonomOS.Tests.Workers;

/// <summary>What a worker does while its store is there, on every kind of store.</summary>
public abstract class WorkerTests(StoreFixture store) : ConformanceTests(store)
{
    [Fact]
    public async Task Handle_FunctionAndClass_RunWithTheJobAndSettleTheResult()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "runs");
        var seen = new ConcurrentBag<JobContext>();
        await using var worker = await StartAsync(
            w =>
            {
                w.Handle<Upper>("upper");
                w.Handle("echo", (job, _) =>
                {
                    seen.Add(job);
                    return Task.FromResult<JobResult?>(JobResult.FromBytes(job.Payload));
                });
            },
            services => services.AddSingleton(new Suffix("!")));

        var upper = await tenant.SubmitAsync("upper", "\"abc\"", Pool);
        var echo = await tenant.SubmitAsync("echo", "xyz", Pool);

        var done = await tenant.FinishedAsync([upper, echo]);
        Assert.All(done, job => Assert.Equal(JobState.Completed, job.State));
        Assert.Equal("\"ABC!\"", Text(done[0].Result));
        Assert.Equal("xyz", Text(done[1].Result));
        var context = Assert.Single(seen);
        Assert.Equal((tenant.Id, echo, "echo", Pool, 1, 0, 3), (context.Tenant, context.Id, context.Type, context.Pool, context.Attempt, context.Failures, context.MaxAttempts));
        Assert.Matches(@"\A1-1-[0-9a-f]{16}\z", context.Fence);
    }

    [Fact]
    public async Task Claim_IdleWorker_IsWokenAndDoesNotWaitForItsPoll()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "wake");
        var started = new ConcurrentDictionary<JobId, long>();
        await using var worker = await StartAsync(w => w.Handle("note", (job, _) =>
        {
            started[job.Id] = Stopwatch.GetTimestamp();
            return Task.CompletedTask;
        }));
        await tenant.FinishedAsync(await tenant.SubmitAsync("note", "", Pool));

        var waits = new List<TimeSpan>();
        for (var i = 0; i < 20; i++)
        {
            var submitted = Stopwatch.GetTimestamp();
            var id = await tenant.SubmitAsync("note", "", Pool);
            await tenant.FinishedAsync(id);
            waits.Add(Stopwatch.GetElapsedTime(submitted, started[id]));
        }

        // Polls come 500 to 1,000 ms apart, so twenty that were not woken would wait 300 ms and more on average.
        TestContext.Current.TestOutputHelper?.WriteLine("waits (ms): " + string.Join(' ', waits.Select(w => w.TotalMilliseconds.ToString("F1", null))));
        Assert.True(waits.Average(w => w.TotalMilliseconds) < 200, "Workers are not woken: " + string.Join(' ', waits));
    }

    [Fact]
    public async Task Claim_WakeUpsLost_ThePollFindsTheJobAndTheWaitShows()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "poll");
        var started = new ConcurrentDictionary<JobId, long>();
        await using var worker = await StartAsync(w => w.Handle("note", (job, _) =>
        {
            started[job.Id] = Stopwatch.GetTimestamp();
            return Task.CompletedTask;
        }));
        var connection = await Store.SharedAsync();

        var waits = new List<TimeSpan>();
        for (var i = 0; i < 5; i++)
        {
            // The worker is off the waiting list, so nobody is told.
            await Eventually(async () => await connection.Database.KeyDeleteAsync(StoreKeys.Wake(Pool)));
            var submitted = Stopwatch.GetTimestamp();
            var id = await tenant.SubmitAsync("note", "", Pool);
            await tenant.FinishedAsync(id);
            waits.Add(Stopwatch.GetElapsedTime(submitted, started[id]));
        }

        Assert.True(waits.Average(w => w.TotalMilliseconds) >= 100, "The wait of a worker that was not woken does not show: " + string.Join(' ', waits));
        Assert.All(waits, wait => Assert.True(wait < TimeSpan.FromSeconds(3), $"The poll took {wait}."));
    }

    [Fact]
    public async Task Claim_UnknownType_HandedBackAtNoCostWithoutHoldingOthersUp()
    {
        using var counts = new WorkerCounts(Pool);
        await using var strange = await TestTenant.OpenAsync(Jobs, "strange");
        await using var plain = await TestTenant.OpenAsync(Jobs, "plain");
        var clock = Stopwatch.StartNew();
        await using var worker = await StartAsync(w =>
        {
            w.Slots = 2;
            w.Handle("known", (_, _) => Task.CompletedTask);
        });
        var unknown = await strange.SubmitAsync(20, "unknown", "", Pool);
        await counts.ReachesAsync("unknown_type", 5);

        // More strange jobs are kept than the worker has slots, and the neighbour's jobs go through all the same.
        await plain.FinishedAsync(await plain.SubmitAsync(20, "known", "", Pool));
        await counts.ReachesAsync("handed_back", 10);
        var handedBack = counts["unknown_type"];
        var seconds = clock.Elapsed.TotalSeconds;

        // Each is kept for half a second at least, five at once, so it is no busy loop.
        Assert.True(handedBack <= 5 * ((seconds / 0.5) + 1), $"{handedBack} claims of unknown jobs in {seconds:F1} s.");
        await using var other = await StartAsync(w => w.Handle("unknown", (_, _) => Task.CompletedTask));
        var done = await strange.FinishedAsync(unknown);
        Assert.All(done, job => Assert.Equal((JobState.Completed, 0, 0), (job.State, job.Failures, job.LeasesLost)));
    }

    [Fact]
    public async Task Settle_FailedForGood_NotTriedAgainAndTheTextIsCut()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "fatal", new() { ErrorBytesMax = 256, ResultBytesMax = 1024 });
        await using var worker = await StartAsync(w =>
        {
            w.Handle("fatal", (_, _) => throw new JobFailedForGoodException(new string('ä', 300)));
            w.Handle("large", (_, _) => Task.FromResult<JobResult?>(JobResult.FromBytes(new byte[1025])));
            w.Handle("json", (job, _) => Task.FromResult<JobResult?>(JobResult.Json(job.ReadJson<int[]>())));
        });

        var fatal = await tenant.FinishedAsync(await tenant.SubmitAsync("fatal", "", Pool));
        var large = await tenant.FinishedAsync(await tenant.SubmitAsync("large", "", Pool));
        var json = await tenant.FinishedAsync(await tenant.SubmitAsync("json", "{\"a\":1}", Pool));

        Assert.Equal((JobState.Failed, 1), (fatal.State, fatal.Attempt));
        Assert.Equal(new string('ä', 128), fatal.Error);
        Assert.Equal((JobState.Failed, 1), (large.State, large.Attempt));
        Assert.StartsWith("The result has 1025 bytes; the tenant's limit is 1024.", large.Error, StringComparison.Ordinal);
        Assert.Equal((JobState.Failed, 1), (json.State, json.Attempt));
        Assert.StartsWith("The payload is not JSON of the expected shape", json.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settle_Failed_WaitsForItsRetryWithTheMessageOnly()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "fails");
        using var counts = new WorkerCounts(Pool);
        await using var worker = await StartAsync(w =>
        {
            w.BackoffBaseMs = 60_000;
            w.Handle("fail", (_, _) => throw new InvalidOperationException("no luck"));
        });

        var id = await tenant.SubmitAsync("fail", "", Pool);
        await counts.ReachesAsync("failed", 1);

        var job = await tenant.SnapshotAsync(id);
        Assert.Equal((JobState.Pending, 1, 1, "no luck"), (job.State, job.Attempt, job.Failures, job.Error));
        Assert.NotNull(job.DueAt);
        Assert.Equal(0, (await Jobs.UsageAsync(tenant.Id, Ct))!.Running);
    }

    [Fact]
    public async Task Settle_FailedTooOften_IsTriedAgainAndThenFailed()
    {
        await using var reconciler = TestReconciler.Start(await Store.SharedAsync());
        await using var tenant = await TestTenant.OpenAsync(Jobs, "retry");
        var failures = new ConcurrentQueue<int>();
        await using var worker = await StartAsync(w =>
        {
            w.BackoffBaseMs = 20;
            w.BackoffCapMs = 40;
            w.Handle("fail", (job, _) =>
            {
                failures.Enqueue(job.Failures);
                throw new InvalidOperationException($"failure {job.Failures}");
            });
        });

        var job = await tenant.FinishedAsync(await tenant.SubmitAsync("fail", "", Pool, maxAttempts: 3));

        Assert.Equal((JobState.Failed, 3, 3, "failure 2"), (job.State, job.Attempt, job.Failures, job.Error));
        Assert.Equal([0, 1, 2], failures);
    }

    [Fact]
    public async Task Cancel_Running_TheHandlerIsToldWhyAndTheJobIsCancelled()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "cancel");
        var running = new TaskCompletionSource<JobContext>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var worker = await StartAsync(w => w.Handle("wait", async (job, cancellation) =>
        {
            running.SetResult(job);
            await Task.Delay(Timeout.Infinite, cancellation);
        }));
        var id = await tenant.SubmitAsync("wait", "", Pool);
        var context = await running.Task.WaitAsync(TestTenant.Bound, Ct);

        var clock = Stopwatch.StartNew();
        Assert.Equal(CancelResult.Requested, await Jobs.CancelAsync(tenant.Id, id, Ct));
        var job = await tenant.FinishedAsync(id);

        // By signal: a renewal, which would tell as well, comes every two seconds.
        Assert.True(clock.ElapsedMilliseconds < 1500, $"The cancellation took {clock.ElapsedMilliseconds} ms.");
        Assert.Equal((JobState.Cancelled, StopReason.TenantCancelled), (job.State, context.StopReason));
    }

    [Fact]
    public async Task Stop_JobEndsWithinGrace_IsFinished()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "drain");
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var finish = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var worker = await StartAsync(w =>
        {
            w.Slots = 1;
            w.Handle("wait", async (_, cancellation) =>
            {
                running.SetResult();
                await finish.Task.WaitAsync(cancellation);
            });
        });
        var first = await tenant.SubmitAsync("wait", "", Pool);
        await running.Task.WaitAsync(TestTenant.Bound, Ct);
        var second = await tenant.SubmitAsync("wait", "", Pool);

        var stopping = worker.StopAsync();
        var connection = await Store.SharedAsync();
        await Eventually(async () => (await Work.WorkersAsync(Ct)).Any(w => w.Pool == Pool && w.Draining));
        finish.SetResult();
        await stopping.WaitAsync(TestTenant.Bound, Ct);

        Assert.Equal(JobState.Completed, (await tenant.FinishedAsync(first)).State);
        Assert.Equal((JobState.Pending, 0), await StateAndAttempt(tenant, second));
        Assert.DoesNotContain(await Work.WorkersAsync(Ct), w => w.Pool == Pool);
        Assert.False(await connection.Database.KeyExistsAsync(StoreKeys.Wake(Pool)));
    }

    [Fact]
    public async Task Stop_JobOutlastsGrace_IsHandedBackAndAnotherWorkerContinues()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "grace");
        var running = new TaskCompletionSource<JobContext>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var worker = await StartAsync(w =>
        {
            w.DrainGraceMs = 50;
            w.Handle("wait", async (job, cancellation) =>
            {
                running.SetResult(job);
                await Task.Delay(Timeout.Infinite, cancellation);
            });
        });
        var id = await tenant.SubmitAsync("wait", "", Pool);
        var context = await running.Task.WaitAsync(TestTenant.Bound, Ct);

        await worker.StopAsync().WaitAsync(TestTenant.Bound, Ct);
        Assert.Equal(StopReason.Draining, context.StopReason);
        Assert.Equal((JobState.Pending, 1), await StateAndAttempt(tenant, id));
        await using var other = await StartAsync(w => w.Handle("wait", (_, _) => Task.CompletedTask));

        var job = await tenant.FinishedAsync(id);
        Assert.Equal((JobState.Completed, 2, 0, 0), (job.State, job.Attempt, job.Failures, job.LeasesLost));
    }

    [Fact]
    public async Task ReportProgress_ManyValues_ThrottledMonotoneAndTheLastArrives()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "progress");
        await using var worker = await StartAsync(w => w.Handle("count", async (job, _) =>
        {
            for (var i = 0; i <= 77; i++)
            {
                await job.ReportProgressAsync(i, "step " + i);
            }

            await job.ReportProgressAsync(12, "back");
            throw new JobFailedForGoodException("done");
        }));

        var clock = Stopwatch.StartNew();
        var job = await tenant.FinishedAsync(await tenant.SubmitAsync("count", "", Pool));

        Assert.Equal((77, "step 77"), (job.ProgressPercent, job.ProgressMessage));
        var reports = tenant.Events.Where(e => e.State == JobState.Running && e.ProgressMessage is { Length: > 0 }).Select(e => e.ProgressPercent).ToList();
        Assert.InRange(reports.Count, 1, 2 + (int)(clock.ElapsedMilliseconds / 100));
        Assert.Equal(reports.Order(), reports);
    }

    [Fact]
    public async Task Run_HundredsOfJobsOverTwoWorkers_NeverExceedALimit()
    {
        int[] limits = [2, 3, 7];
        var overlaps = limits.Select(limit => new Overlap(limit)).ToArray();
        var tenants = await Task.WhenAll(limits.Select((limit, i) => TestTenant.OpenAsync(Jobs, $"limit{i}", new() { MaxConcurrent = limit })));
        var byTenant = tenants.Zip(overlaps).ToDictionary(pair => pair.First.Id, pair => pair.Second);
        var configure = (WorkerOptions w) =>
        {
            w.Slots = 12;
            w.Handle("body", async (job, cancellation) =>
            {
                using (byTenant[job.Tenant].Enter())
                {
                    await Task.Delay(job.Payload.Length % 7, cancellation);
                }
            });
        };
        await using var one = await StartAsync(configure);
        await using var two = await StartAsync(configure);

        var ids = await Task.WhenAll(tenants.Select(async tenant =>
        {
            var all = new List<JobId>();
            for (var i = 0; i < 10; i++)
            {
                all.AddRange(await tenant.SubmitAsync(15, "body", new string('x', i), Pool));
            }

            return all;
        }));
        for (var i = 0; i < tenants.Length; i++)
        {
            var done = await tenants[i].FinishedAsync(ids[i]);
            Assert.All(done, job => Assert.Equal((JobState.Completed, 1), (job.State, job.Attempt)));
            Assert.Equal(150, overlaps[i].Entered);
            Assert.Equal(limits[i], overlaps[i].Most);
            await tenants[i].DisposeAsync();
        }
    }

    [Fact]
    public void Overlap_OneTooMany_Shows()
    {
        var overlap = new Overlap(2);
        using var a = overlap.Enter();
        using var b = overlap.Enter();
        using var c = overlap.Enter();

        Assert.Equal(3, overlap.Most);
    }

    private protected static async Task Eventually(Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await condition())
        {
            Assert.True(clock.Elapsed < TestTenant.Bound, "What the test waits for did not come about.");
            await timer.WaitForNextTickAsync(Ct);
        }
    }

    private static async Task<(JobState State, int Attempt)> StateAndAttempt(TestTenant tenant, JobId id)
    {
        var job = await tenant.SnapshotAsync(id);
        return (job.State, job.Attempt);
    }

    private static string? Text(ReadOnlyMemory<byte>? bytes) => bytes is { } some ? Encoding.UTF8.GetString(some.Span) : null;

    private protected Task<TestWorker> StartAsync(Action<WorkerOptions> configure, Action<IServiceCollection>? services = null) => TestWorker.StartAsync(
        Store.Options with { DeadlineMs = 5000 },
        w =>
        {
            w.Pool = Pool;
            configure(w);
        },
        services);

    private sealed record Suffix(string Text);

    private sealed class Upper(Suffix suffix) : IJobHandler
    {
        public Task<JobResult?> HandleAsync(JobContext job, CancellationToken cancellation) =>
            Task.FromResult<JobResult?>(JobResult.Json(job.ReadJson<string>()!.ToUpperInvariant() + suffix.Text));
    }

    /// <summary>How many bodies were in at once.</summary>
    private sealed class Overlap(int limit)
    {
        private readonly Lock _gate = new();
        private int _now;

        public int Most { get; private set; }

        public int Entered { get; private set; }

        public int Limit => limit;

        public IDisposable Enter()
        {
            lock (_gate)
            {
                Entered++;
                Most = Math.Max(Most, ++_now);
            }

            return new Exit(this);
        }

        private sealed class Exit(Overlap overlap) : IDisposable
        {
            public void Dispose()
            {
                lock (overlap._gate)
                {
                    overlap._now--;
                }
            }
        }
    }
}

public sealed class EmbeddedWorkerTests(EmbeddedFixture store) : WorkerTests(store), IClassFixture<EmbeddedFixture>;

public sealed class RedisWorkerTests(RedisFixture store) : WorkerTests(store), IClassFixture<RedisFixture>
{
    [Fact]
    public async Task Claim_IdleOrFull_DoesNotKeepTheStoreBusy()
    {
        await using var tenant = await TestTenant.OpenAsync(Jobs, "quiet");
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var finish = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var worker = await StartAsync(w =>
        {
            w.Slots = 1;
            w.HeartbeatEveryMs = 400;
            w.Handle("wait", async (_, cancellation) =>
            {
                running.TrySetResult();
                await finish.Task.WaitAsync(cancellation);
            });
        });

        // Over five heartbeats, two seconds: polls, a renewal or two, no more.
        var idle = await ScriptsDuringFiveHeartbeatsAsync();
        var ids = await tenant.SubmitAsync(3, "wait", "", Pool);
        await running.Task.WaitAsync(TestTenant.Bound, Ct);
        var full = await ScriptsDuringFiveHeartbeatsAsync();
        finish.SetResult();
        await tenant.FinishedAsync(ids);

        Assert.InRange(idle, 1, 20);
        Assert.InRange(full, 0, 20);
    }

    private async Task<long> ScriptsDuringFiveHeartbeatsAsync()
    {
        var before = await ScriptsAsync();
        for (var i = 0; i < 5; i++)
        {
            var seen = await SeenAsync();
            await Eventually(async () => await SeenAsync() is { } now && now != seen);
        }

        return await ScriptsAsync() - before;
    }

    private async Task<DateTimeOffset?> SeenAsync() => (await Work.WorkersAsync(Ct)).FirstOrDefault(w => w.Pool == Pool)?.SeenAt;

    private async Task<long> ScriptsAsync()
    {
        var stats = (string)(await (await Store.SharedAsync()).Database.ExecuteAsync("INFO", "commandstats"))!;
        return stats.Split('\n').Where(line => line.StartsWith("cmdstat_evalsha:calls=", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.AsSpan("cmdstat_evalsha:calls=".Length, line.IndexOf(',', StringComparison.Ordinal) - "cmdstat_evalsha:calls=".Length), null));
    }
}
