using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Workers;

/// <summary>Tests that take all threads of the process and so run beside nothing else.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone in the process";
}

/// <summary>
/// Handlers that block every thread of the pool for several leases. Everything that decides here runs on a thread of its
/// own and blocks: a continuation would wait for the pool itself.
/// </summary>
[Collection(Alone.Name)]
public sealed class WorkerStarvationTests
{
    private const int LeaseMs = 2500;
    private const int Jobs = 30;

    [Fact]
    public async Task Renew_ThreadPoolStarvedForLeases_NoLeaseIsLost()
    {
        RedisServer.Need();
        using var server = await RedisServer.StartAsync();
        await using var connection = await StoreConnection.ConnectAsync(server.Options with { DeadlineMs = 5000 }, TimeProvider.System, NullLogger.Instance);
        await using var jobs = new RedisJobStore(connection, TimeProvider.System);
        using var counts = new WorkerCounts("starved");
        await using var tenant = await TestTenant.OpenAsync(jobs, "starved", new TenantLimits { MaxConcurrent = Jobs });
        using var release = new ManualResetEventSlim();
        using var running = new SemaphoreSlim(0);
        await using var worker = await TestWorker.StartAsync(server.Options with { DeadlineMs = 1000 }, w =>
        {
            w.Pool = "starved";
            w.Slots = Jobs;
            w.LeaseMs = LeaseMs;
            w.RenewEveryMs = 250;
            w.SelfFenceMarginMs = 500;
            w.Handle("block", (_, _) =>
            {
                running.Release();
                release.Wait(TestTenant.Bound, CancellationToken.None);
                return Task.CompletedTask;
            });
        });
        var ids = await tenant.SubmitAsync(Jobs, "block", "", "starved");

        // Opened after the worker, which has switched the client library to threads of its own.
        await using var judge = await StoreConnection.ConnectAsync(server.Options with { DeadlineMs = 5000 }, TimeProvider.System, NullLogger.Instance);
        var starved = await OnAThreadOfItsOwn(() => Starve(judge, tenant.Id, release, running));

        Assert.Multiple(
            () => Assert.False(starved.PoolAnswered, "The pool had a thread to spare, so this shows nothing."),
            () => Assert.True(starved.Leases.Length >= 4, $"Only {starved.Leases.Length} jobs ran."),
            () => Assert.All(starved.Leases, expiry => Assert.True(expiry > starved.StoreNowMs, $"A lease lapsed {starved.StoreNowMs - expiry} ms ago.")));
        var done = await tenant.FinishedAsync(ids);
        Assert.All(done, job => Assert.Equal((JobState.Completed, 1), (job.State, job.Attempt)));
        Assert.Equal((0, 0), (counts["self_fenced"], counts["lost"]));
    }

    private static Starvation Starve(StoreConnection judge, TenantId tenant, ManualResetEventSlim release, SemaphoreSlim running)
    {
        try
        {
            Assert.True(running.Wait(TestTenant.Bound));
            using var answered = new ManualResetEventSlim();

            // First in, first out: whatever the pool is asked to do from here on waits for all of these.
            for (var i = 0; i < 400; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(gate => gate.Wait(TestTenant.Bound), release, preferLocal: false);
            }

            ThreadPool.UnsafeQueueUserWorkItem(signal => signal.Set(), answered, preferLocal: false);
            var poolAnswered = answered.Wait(2 * LeaseMs);

            // Read as the renewals are: blocking, over a connection with threads of its own.
            var clockParts = (StackExchange.Redis.RedisResult[])judge.Database.Execute("TIME")!;
            var leases = judge.Database.SortedSetRangeByRankWithScores(StoreKeys.Semaphore(tenant));
            return new Starvation(poolAnswered, ((long)clockParts[0] * 1000) + ((long)clockParts[1] / 1000), [.. leases.Select(lease => lease.Score)]);
        }
        finally
        {
            release.Set();
        }
    }

    private static Task<T> OnAThreadOfItsOwn<T>(Func<T> run)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                result.SetResult(run());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        })
        { IsBackground = true }.Start();
        return result.Task;
    }

    private sealed record Starvation(bool PoolAnswered, long StoreNowMs, double[] Leases);
}
