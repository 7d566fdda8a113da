using System.Collections.Concurrent;
using System.Diagnostics;
using AutonomOS.Embedded;
using AutonomOS.Jobs;
using AutonomOS.Reconciliation;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Storage;

/// <summary>
/// The embedded store, alone in a process, killed in the middle of its work. Nothing acknowledged more than the commit
/// window before the kill is lost, and what is there adds up.
/// </summary>
public sealed class EmbeddedDurabilityTests
{
    /// <summary>A commit begins every window and takes a moment to reach the disk, in milliseconds, on a machine busy with other tests.</summary>
    private const int CommitMsMax = 400;

    private static readonly TimeSpan WorkFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task KilledUnderLoad_AndRestarted_LosesNothingOlderThanTheCommitWindow()
    {
        using var directory = new TempDirectory();
        var tenant = TenantId.Parse("t");
        var submitted = new ConcurrentDictionary<JobId, long>();
        var settled = new ConcurrentDictionary<JobId, long>();
        long killed;
        using (var process = StoreProcess.Start(directory.Path))
        {
            var options = new StoreOptions { Endpoint = await process.ReadyAsync(StartMax) };
            await using var connection = await ConnectAsync(options);
            var store = new RedisJobStore(connection, TimeProvider.System);
            await store.ApplyTenantAsync(new() { Id = tenant, Epoch = 1, Limits = new() { MaxConcurrent = 100, MaxQueued = 1_000_000 } }, Ct);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            var load = Enumerable.Range(0, 8).Select(i => Task.Run(() => i < 4 ? SubmitAsync(store, stop.Token) : WorkAsync(store, i, stop.Token), Ct)).ToArray();
            await Task.Delay(WorkFor, Ct);

            killed = Stopwatch.GetTimestamp();
            process.Kill();
            await stop.CancelAsync();
            await Task.WhenAll(load);
        }

        using var restarted = StoreProcess.Start(directory.Path);
        await using var again = await ConnectAsync(new() { Endpoint = await restarted.ReadyAsync(StartMax) });
        var recovered = new RedisJobStore(again, TimeProvider.System);
        var states = await StatesAsync(recovered);
        var safe = killed - (Stopwatch.Frequency * (EmbeddedStoreOptions.DefaultCommitWindowMs + CommitMsMax) / 1000);
        var sureSubmitted = submitted.Where(s => s.Value < safe).Select(s => s.Key).ToArray();
        var sureSettled = settled.Where(s => s.Value < safe).Select(s => s.Key).ToArray();
        Assert.True(sureSubmitted.Length > 100 && sureSettled.Length > 100, $"Only {sureSubmitted.Length} submissions and {sureSettled.Length} outcomes were old enough to judge.");
        Assert.DoesNotContain(sureSubmitted, id => !states.ContainsKey(id));
        Assert.DoesNotContain(sureSettled, id => states[id] != JobState.Completed);

        // And every job that is there ends, each in its one place.
        await using var reconciler = new Reconciler(again, new(), TimeProvider.System, NullLogger<Reconciler>.Instance);
        for (var round = 0; round < 60; round++)
        {
            await reconciler.SweepAllAsync(reap: false, Ct);
            ClaimResult claim;
            do
            {
                claim = await recovered.ClaimAsync(new() { Pool = "default", WorkerId = "last", Slots = 100, LeaseMs = 60_000 }, Ct);
                await recovered.SettleAsync([.. claim.Jobs.Select(j => new Settlement(LeaseKey.Of(j), AttemptEnd.Completed))], Ct);
            }
            while (!claim.Latched);
        }

        var usage = (await recovered.UsageAsync(tenant, Ct))!;
        Assert.Equal(0, usage.Queued);
        Assert.True(usage.Running <= 100, "Attempts that were running when the store was killed keep their leases.");

        async Task SubmitAsync(RedisJobStore store, CancellationToken until)
        {
            while (!until.IsCancellationRequested)
            {
                var job = new JobSubmission { Id = JobId.New(TimeProvider.System), Type = "test", Payload = new byte[100] };
                if (await TryAsync(() => store.SubmitAsync(tenant, 1, [job], until)))
                {
                    submitted[job.Id] = Stopwatch.GetTimestamp();
                }
            }
        }

        async Task WorkAsync(RedisJobStore store, int worker, CancellationToken until)
        {
            while (!until.IsCancellationRequested)
            {
                ClaimResult? claim = null;
                if (await TryAsync(async () => claim = await store.ClaimAsync(new() { Pool = "default", WorkerId = $"w{worker}", Slots = 2, LeaseMs = 60_000 }, until))
                    && await TryAsync(() => store.SettleAsync([.. claim!.Jobs.Select(j => new Settlement(LeaseKey.Of(j), AttemptEnd.Completed))], until)))
                {
                    foreach (var job in claim!.Jobs)
                    {
                        settled[job.Id] = Stopwatch.GetTimestamp();
                    }
                }
            }
        }

        async Task<Dictionary<JobId, JobState>> StatesAsync(RedisJobStore store)
        {
            var all = new Dictionary<JobId, JobState>();
            string? cursor = null;
            do
            {
                var page = await store.ListAsync(tenant, null, cursor, 200, Ct);
                foreach (var job in page.Jobs)
                {
                    all[job.Id] = job.State;
                }

                cursor = page.NextCursor;
            }
            while (cursor is not null);
            return all;
        }
    }

    [Fact]
    public async Task SecondStoreOnTheSameData_SaysInOneLineThatItIsInUse()
    {
        using var directory = new TempDirectory();
        using var first = StoreProcess.Start(directory.Path);
        await first.ReadyAsync(StartMax);

        using var second = StoreProcess.Start(directory.Path);
        var (code, error) = await second.EndAsync(StartMax);

        Assert.NotEqual(0, code);
        Assert.Contains("in use", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static Task<StoreConnection> ConnectAsync(StoreOptions options) =>
        StoreConnection.ConnectAsync(options with { DeadlineMs = 5000 }, TimeProvider.System, NullLogger.Instance, Ct);

    /// <summary>False when the store went away under the call, which is what this test is about.</summary>
    private static async Task<bool> TryAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary><c>autonomos store</c> in a process of its own.</summary>
    private sealed class StoreProcess : IDisposable
    {
        private readonly Process _process;

        private StoreProcess(Process process) => _process = process;

        public static StoreProcess Start(string data)
        {
            var build = new DirectoryInfo(AppContext.BaseDirectory);
            var command = Path.Combine(build.Parent!.Parent!.FullName, "AutonomOS.Host", build.Name, "autonomos");
            Assert.True(File.Exists(command), $"{command} is not built.");
            return new StoreProcess(Process.Start(new ProcessStartInfo(command, ["store", "--data", data])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!);
        }

        /// <summary>The endpoint, once it is ready.</summary>
        public async Task<string> ReadyAsync(TimeSpan most)
        {
            const string Ready = "autonomos: store ";
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            bound.CancelAfter(most);
            while (await _process.StandardOutput.ReadLineAsync(bound.Token) is { } line)
            {
                if (line.StartsWith(Ready, StringComparison.Ordinal))
                {
                    return line[Ready.Length..];
                }
            }

            throw new InvalidOperationException("The store ended before it was ready: " + await _process.StandardError.ReadToEndAsync(bound.Token));
        }

        public async Task<(int Code, string Error)> EndAsync(TimeSpan most)
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            bound.CancelAfter(most);
            var error = await _process.StandardError.ReadToEndAsync(bound.Token);
            await _process.WaitForExitAsync(bound.Token);
            return (_process.ExitCode, error);
        }

        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                Kill();
            }

            _process.Dispose();
        }
    }
}
