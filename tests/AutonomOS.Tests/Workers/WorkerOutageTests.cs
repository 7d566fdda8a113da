using System.Diagnostics;
using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Workers;

/// <summary>
/// What a worker does while its store is away. The store is a redis-server process that is stopped with SIGSTOP: its
/// connections stay open and nothing is answered, the worst kind of outage.
/// </summary>
public sealed class WorkerOutageTests : IAsyncLifetime
{
    private const int LeaseMs = 3000;

    private readonly string _pool = "outage";
    private RedisServer _server = null!;
    private StoreConnection _connection = null!;
    private RedisJobStore _jobs = null!;

    public async ValueTask InitializeAsync()
    {
        RedisServer.Need();
        _server = await RedisServer.StartAsync();
        _connection = await StoreConnection.ConnectAsync(_server.Options with { DeadlineMs = 5000 }, TimeProvider.System, NullLogger.Instance);
        _jobs = new RedisJobStore(_connection, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _jobs.DisposeAsync();
            await _connection.DisposeAsync();
            _server.Dispose();
        }
    }

    [Fact]
    public async Task SelfFence_StoreAwayLongerThanTheLease_CancelsBeforeItLapsesAndHandsBackAfterwards()
    {
        using var counts = new WorkerCounts(_pool);
        var tenant = await TestTenant.OpenAsync(_jobs, "fence");
        var attempts = 0;
        var running = new TaskCompletionSource<JobContext>(TaskCreationOptions.RunContinuationsAsynchronously);
        var stopped = new TaskCompletionSource<(long At, StopReason Why)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var worker = await StartAsync(w => w.Handle("wait", async (job, cancellation) =>
        {
            if (Interlocked.Increment(ref attempts) > 1)
            {
                return;
            }

            cancellation.Register(() => stopped.SetResult((Stopwatch.GetTimestamp(), job.StopReason)));
            running.SetResult(job);
            await Task.Delay(Timeout.Infinite, cancellation);
        }));
        var id = await tenant.SubmitAsync("wait", "", _pool);
        await running.Task.WaitAsync(TestTenant.Bound);

        // Nothing sent before the pause can keep the lease beyond pause + LeaseMs.
        await _server.PauseAsync();
        var paused = Stopwatch.GetTimestamp();
        var (at, why) = await stopped.Task.WaitAsync(TestTenant.Bound);
        await _server.ResumeAsync();

        Assert.Equal(StopReason.SelfFenced, why);
        Assert.InRange(Stopwatch.GetElapsedTime(paused, at).TotalMilliseconds, 0, LeaseMs);
        var job = await tenant.FinishedAsync(id);
        Assert.Equal((JobState.Completed, 2, 0, 0), (job.State, job.Attempt, job.Failures, job.LeasesLost));
        // Counted after the handler was told, so looked at when the job has come to its end.
        Assert.Equal(1, counts["self_fenced"]);
    }

    [Fact]
    public async Task SelfFence_StoreAwayForLessThanTheLease_CancelsNothing()
    {
        using var counts = new WorkerCounts(_pool);
        var tenant = await TestTenant.OpenAsync(_jobs, "short");
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var finish = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var worker = await StartAsync(w => w.Handle("wait", async (_, cancellation) =>
        {
            running.SetResult();
            await finish.Task.WaitAsync(cancellation);
        }));
        var id = await tenant.SubmitAsync("wait", "", _pool);
        await running.Task.WaitAsync(TestTenant.Bound);

        await _server.PauseAsync();
        await counts.ReachesAsync("store_errors", 1);
        await _server.ResumeAsync();

        // Two renewals after the outage: the lease is kept beyond any that was granted before it.
        var before = await LeaseAsync(tenant, id);
        await WorkerEventually(async () => await LeaseAsync(tenant, id) > before + (LeaseMs / 2));
        finish.SetResult();
        var job = await tenant.FinishedAsync(id);
        Assert.Equal((JobState.Completed, 1), (job.State, job.Attempt));
        Assert.Equal(0, counts["self_fenced"]);
    }

    [Fact]
    public async Task Settle_HandlerEndsDuringAnOutage_OutcomeIsWrittenOnceAfterIt()
    {
        using var counts = new WorkerCounts(_pool);
        var tenant = await TestTenant.OpenAsync(_jobs, "settle");
        var runs = 0;
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var finish = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var worker = await StartAsync(w => w.Handle("wait", async (_, _) =>
        {
            Interlocked.Increment(ref runs);
            running.SetResult();
            await finish.Task;
            return JobResult.FromText("kept");
        }));
        var id = await tenant.SubmitAsync("wait", "", _pool);
        await running.Task.WaitAsync(TestTenant.Bound);

        await _server.PauseAsync();
        finish.SetResult();
        await counts.ReachesAsync("store_errors", 4);
        await _server.ResumeAsync();

        var job = await tenant.FinishedAsync(id);
        Assert.Equal((JobState.Completed, 1, 1), (job.State, job.Attempt, runs));
        await counts.ReachesAsync("completed", 1);
        Assert.Equal((1, 0), (counts["completed"], counts["lost"]));
    }

    [Fact]
    public async Task Start_StoreKilledAndStartedAgain_TheWorkerWorksAgain()
    {
        using var counts = new WorkerCounts(_pool);
        await using var worker = await StartAsync(w => w.Handle("note", (_, _) => Task.CompletedTask));

        _server.Kill();
        await counts.ReachesAsync("store_errors", 3);
        await _server.RestartAsync();

        await WorkerEventually(() => Task.FromResult(_connection.IsConnected));
        var tenant = await TestTenant.OpenAsync(_jobs, "again");
        Assert.Equal(JobState.Completed, (await tenant.FinishedAsync(await tenant.SubmitAsync("note", "", _pool))).State);
    }

    [Fact]
    public async Task Stop_StoreAway_EndsWithinItsBounds()
    {
        var tenant = await TestTenant.OpenAsync(_jobs, "gone");
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var worker = await StartAsync(w =>
        {
            w.DrainGraceMs = 100;
            w.CancelGraceMs = 500;
            w.Handle("wait", async (_, cancellation) =>
            {
                running.SetResult();
                await Task.Delay(Timeout.Infinite, cancellation);
            });
        });
        await tenant.SubmitAsync("wait", "", _pool);
        await running.Task.WaitAsync(TestTenant.Bound);

        await _server.PauseAsync();
        var clock = Stopwatch.StartNew();
        await worker.StopAsync().WaitAsync(TestTenant.Bound);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"Stopping took {clock.Elapsed}.");
        await _server.ResumeAsync();
    }

    private static async Task WorkerEventually(Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            Assert.True(clock.Elapsed < TestTenant.Bound, "What the test waits for did not come about.");
            await timer.WaitForNextTickAsync();
        }
    }

    private async Task<double> LeaseAsync(TestTenant tenant, JobId id) =>
        await _connection.Database.SortedSetScoreAsync(StoreKeys.Semaphore(tenant.Id), id.Value) ?? 0;

    private Task<TestWorker> StartAsync(Action<WorkerOptions> configure) => TestWorker.StartAsync(
        _server.Options with { DeadlineMs = 200 },
        w =>
        {
            w.Pool = _pool;
            w.LeaseMs = LeaseMs;
            w.RenewEveryMs = 200;
            w.SelfFenceMarginMs = 800;
            configure(w);
        });
}
