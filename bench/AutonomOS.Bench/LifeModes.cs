using System.Diagnostics;
using AutonomOS.Jobs;
using AutonomOS.Tenants;
using AutonomOS.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AutonomOS.Bench;

/// <summary>One measurement, in jobs a second.</summary>
/// <param name="Store">The store.</param>
/// <param name="Mode">The mode.</param>
/// <param name="Submit">Submissions alone; null where they overlap with the rest.</param>
/// <param name="Claim">Claims alone; null where they overlap with the rest.</param>
/// <param name="Settle">Settlements alone; null where they overlap with the rest.</param>
/// <param name="Life">Jobs ÷ the time from the first submission to the last outcome.</param>
internal sealed record Measurement(string Store, string Mode, double? Submit, double? Claim, double? Settle, double Life);

/// <summary>A way to take jobs through their life.</summary>
internal interface ILifeMode
{
    /// <summary>Takes <paramref name="count"/> jobs of 100 bytes through their life.</summary>
    Task<Measurement> MeasureAsync(BenchStore store, int count, CancellationToken cancellation);
}

/// <summary>The modes.</summary>
internal static class LifeModes
{
    public static IReadOnlyList<ILifeMode> All { get; } = [new PhasedLife("batch", 100, 4), new PhasedLife("single", 1, 256), new WorkerLife()];

    public static List<(TenantId Tenant, JobSubmission[] Jobs)> Batches(BenchStore store, int count, int perCall, string type, string pool)
    {
        var payload = new byte[100];
        var batches = new List<(TenantId, JobSubmission[])>();
        for (var i = 0; i < count; i += perCall)
        {
            var jobs = Enumerable.Range(0, Math.Min(perCall, count - i))
                .Select(_ => new JobSubmission { Id = JobId.New(TimeProvider.System), Type = type, Pool = pool, Payload = payload }).ToArray();
            batches.Add((store.Tenants[batches.Count % store.Tenants.Count], jobs));
        }

        return batches;
    }

    public static async Task SubmitAsync(BenchStore store, (TenantId Tenant, JobSubmission[] Jobs) batch, CancellationToken cancellation)
    {
        foreach (var result in await store.Jobs.SubmitAsync(batch.Tenant, 1, batch.Jobs, cancellation))
        {
            if (result.Status != SubmitStatus.Accepted)
            {
                throw new InvalidOperationException($"A submission was refused: {result.Status}.");
            }
        }
    }
}

/// <summary>All submissions, then all claims, then all settlements, straight on the store.</summary>
internal sealed class PhasedLife(string name, int perCall, int inFlight) : ILifeMode
{
    public async Task<Measurement> MeasureAsync(BenchStore store, int count, CancellationToken cancellation)
    {
        var batches = LifeModes.Batches(store, count, perCall, "bench", "phased");
        var submit = await TimeAsync(() => Parallel.ForEachAsync(batches, Degree(cancellation), (batch, ct) => new ValueTask(LifeModes.SubmitAsync(store, batch, ct))));

        var leased = new System.Collections.Concurrent.ConcurrentBag<LeasedJob>();
        var claim = await TimeAsync(() => Parallel.ForEachAsync(Enumerable.Range(0, inFlight), Degree(cancellation), async (caller, ct) =>
        {
            while (leased.Count < count)
            {
                var claimed = await store.Jobs.ClaimAsync(new ClaimRequest { Pool = "phased", WorkerId = $"bench-{caller}", Slots = perCall, LeaseMs = 600_000 }, ct);
                foreach (var job in claimed.Jobs)
                {
                    leased.Add(job);
                }
            }
        }));

        // Outcomes come in the order in which jobs end, of all tenants at once.
        var outcomes = leased.Select(job => new Settlement(LeaseKey.Of(job), AttemptEnd.Completed)).Chunk(perCall).ToList();
        var settle = await TimeAsync(() => Parallel.ForEachAsync(outcomes, Degree(cancellation), async (batch, ct) =>
        {
            if ((await store.Jobs.SettleAsync(batch, ct)).Any(result => result != TransitionResult.Done))
            {
                throw new InvalidOperationException("A settlement was refused.");
            }
        }));
        return new Measurement(store.Name, name, count / submit, count / claim, count / settle, count / (submit + claim + settle));
    }

    private static async Task<double> TimeAsync(Func<Task> phase)
    {
        var clock = Stopwatch.StartNew();
        await phase();
        return clock.Elapsed.TotalSeconds;
    }

    private ParallelOptions Degree(CancellationToken cancellation) => new() { MaxDegreeOfParallelism = inFlight, CancellationToken = cancellation };
}

/// <summary>Submissions in batches beside a whole worker that runs empty handlers: claims, renewals, settlements as a program has them.</summary>
internal sealed class WorkerLife : ILifeMode
{
    private const int Slots = 200;

    public async Task<Measurement> MeasureAsync(BenchStore store, int count, CancellationToken cancellation)
    {
        var left = count;
        var handled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddAutonomOSWorker(worker =>
        {
            worker.Store = store.Options;
            worker.Pool = "worker";
            worker.Slots = Slots;
            worker.Seed = 1;
            worker.Handle("bench", (_, _) =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    handled.SetResult();
                }

                return Task.CompletedTask;
            });
        });
        using var host = builder.Build();
        await host.StartAsync(cancellation);
        var batches = LifeModes.Batches(store, count, 100, "bench", "worker");
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(batches, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellation }, (batch, ct) => new ValueTask(LifeModes.SubmitAsync(store, batch, ct)));
        await handled.Task.WaitAsync(cancellation);

        // A drain ends when the last outcomes are acknowledged.
        await host.StopAsync(cancellation);
        return new Measurement(store.Name, "worker", null, null, null, count / clock.Elapsed.TotalSeconds);
    }

    /// <summary>Leaves Ctrl+C to the program.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
