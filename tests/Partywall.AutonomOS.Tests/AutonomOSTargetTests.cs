using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Partywall.AutonomOS.Processes;
using Partywall.AutonomOS.Tests.Store;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.AutonomOS.Tests;

/// <summary>The target with its real processes: what it starts, what it shows, what it leaves.</summary>
public sealed class AutonomOSTargetTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAndDispose_LeaveNoProcessSocketOrFile()
    {
        var run = await TargetRun.StartAsync();
        await using (run)
        {
            var processes = run.Capability<IRecordedProcesses>().Processes;
            Assert.Equal([Deployment.HostName, "worker-1", "worker-2"], processes.Select(static p => p.Name));
            Assert.All(processes, p => Assert.Contains(p.Id, TargetRun.ProcessesWith(run.Root)));
            Assert.Contains(run.Target.Deployment.WatchdogId, TargetRun.ProcessesWith(run.Root));

            await run.Target.DisposeAsync();

            Assert.Empty(TargetRun.ProcessesWith(run.Root));
            Assert.Empty(Directory.EnumerateFileSystemEntries(run.Environment.ScratchDirectory));
            Assert.Empty(run.Capability<IRecordedProcesses>().Processes);
            Assert.DoesNotContain("killed", run.Log(Deployment.HostName) + run.Log("worker-1"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Submit_Job_RunsInAWorkerAndIsSeenByAllSides()
    {
        await using var run = await TargetRun.StartAsync();
        await using var client = await run.Target.OnboardAsync(new TenantSpec("t1", 2, 3), Cancellation);
        var other = await run.Target.OnboardAsync(new TenantSpec("t2"), Cancellation);
        var job = new ProbeJob { Label = "j1", DurationMs = 400, ProgressSteps = 3, Canary = "canary-1" };

        var submission = (await client.SubmitAsync(job, Cancellation)).Value;

        Assert.NotNull(submission);
        Assert.True(await run.Witness.State.WaitAsync(static w => w.Running("t1") == 1, Bound, Cancellation), run.Log("worker-1"));
        Assert.Equal(1, (await run.Capability<IHeldSlots>().HeldSlotsAsync(["t1"], Cancellation))["t1"]);
        Assert.Equal(ReplyKind.NotFound, (await other.GetAsync(submission.JobId, Cancellation)).Kind);
        var body = Assert.Single(run.Witness.State.Snapshot());
        Assert.Equal(("t1", submission.JobId, "j1", 1), (body.Tenant, body.Job, body.Label, body.Attempt));

        var view = await FinalAsync(client, submission.JobId);
        Assert.Equal((JobState.Completed, 1, 100), (view.State, view.Attempts, view.Progress));
        Assert.Contains("canary-1", view.Result, StringComparison.Ordinal);
        Assert.Equal(3, run.Events.OfType<BodyProgressed>().Count());
        Assert.Equal(0, (await run.Capability<IHeldSlots>().HeldSlotsAsync(["t1"], Cancellation))["t1"]);
        Assert.Equal(new UsageView(0, 0, 2, 3), (await client.UsageAsync(Cancellation)).Value);

        var keys = await run.Capability<IKeyInspection>().ListKeysAsync(Cancellation);
        Assert.Contains(keys, k => k.Tenant == "t1" && k.Key.Contains(submission.JobId, StringComparison.Ordinal));
        Assert.DoesNotContain(keys, static k => k.Ownership == KeyOwnership.Unknown);

        var replay = run.Capability<ISettleReplay>();
        Assert.Equal(ReplyKind.Ok, (await replay.SettleAgainAsync("t1", submission.JobId, body.Fence, Cancellation)).Kind);
        Assert.Equal(
            RefusalCode.StaleFence,
            (await replay.SettleAgainAsync("t1", submission.JobId, body.Fence[..^1] + (body.Fence[^1] == '0' ? '1' : '0'), Cancellation)).Refusal?.Code);
        Assert.Equal(view, (await client.GetAsync(submission.JobId, Cancellation)).Value);
    }

    [Fact]
    public async Task SetLimits_WhileRunning_AreInForceWhenItReturns()
    {
        await using var run = await TargetRun.StartAsync();
        var client = await run.Target.OnboardAsync(new TenantSpec("t1", 1, 0), Cancellation);
        ProbeJob Job(string label) => new() { Label = label, DurationMs = 5_000 };
        Assert.Equal(ReplyKind.Ok, (await client.SubmitAsync(Job("j1"), Cancellation)).Kind);
        Assert.Equal(RefusalCode.QuotaExceeded, (await client.SubmitAsync(Job("j2"), Cancellation)).Refusal?.Code);

        await run.Capability<ILimitChanges>().SetLimitsAsync("t1", 2, 0, Cancellation);

        Assert.Equal(ReplyKind.Ok, (await client.SubmitAsync(Job("j3"), Cancellation)).Kind);
        var refusal = (await client.SubmitAsync(Job("j4"), Cancellation)).Refusal;
        Assert.Equal((RefusalCode.QuotaExceeded, 2, 2), (refusal?.Code, refusal?.Limit, refusal?.Count));
        Assert.True(await run.Witness.State.WaitAsync(static w => w.Running("t1") == 2, Bound, Cancellation));
    }

    [Fact]
    public async Task OnboardAsync_KnownId_IsAClearError()
    {
        await using var run = await TargetRun.StartAsync(workers: 1);
        await run.Target.OnboardAsync(new TenantSpec("t1"), Cancellation);

        var error = await Assert.ThrowsAsync<TargetException>(() => run.Target.OnboardAsync(new TenantSpec("t1"), Cancellation));

        Assert.Contains("tenant_exists", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KilledWorker_IsSeenAndItsJobsRunElsewhere()
    {
        const int LeaseMs = 1_600;
        await using var run = await TargetRun.StartAsync(new AutonomOSTargetOptions { LeaseMs = LeaseMs });
        var client = await run.Target.OnboardAsync(new TenantSpec("t1"), Cancellation);
        var submission = (await client.SubmitAsync(new ProbeJob { Label = "j1", DurationMs = 1_500 }, Cancellation)).Value!;
        Assert.True(await run.Witness.State.WaitAsync(static w => w.Running("t1") == 1, Bound, Cancellation));
        var victim = Assert.Single(run.Witness.State.Snapshot()).Process;

        await run.Capability<IProcessFaults>().StrikeAsync(victim, ProcessFault.Kill, Cancellation);

        Assert.True(await run.Witness.State.WaitAsync(w => w.LastStarted("j1")!.Process != victim, Bound, Cancellation), "The job did not run elsewhere.");
        Assert.Contains(run.Events, e => e is WitnessLeft { Orderly: false } left && left.Process == victim);
        Assert.DoesNotContain(run.Capability<IRecordedProcesses>().Processes, p => p.Name == victim);
        Assert.Equal(137, run.Target.Deployment.Find(victim)!.ExitCode);
        var view = await FinalAsync(client, submission.JobId);
        Assert.Equal((JobState.Completed, 2), (view.State, view.Attempts));
    }

    [Fact]
    public async Task PausedWorker_StandsStillUntilResumed()
    {
        await using var run = await TargetRun.StartAsync(workers: 1);
        var client = await run.Target.OnboardAsync(new TenantSpec("t1"), Cancellation);
        var faults = run.Capability<IProcessFaults>();
        await faults.StrikeAsync("worker-1", ProcessFault.Pause, Cancellation);
        var submission = (await client.SubmitAsync(new ProbeJob { Label = "j1", DurationMs = 0 }, Cancellation)).Value!;
        Assert.False(await run.Witness.State.WaitAsync(static w => w.Starts("t1") > 0, TimeSpan.FromSeconds(2), Cancellation));

        await faults.StrikeAsync("worker-1", ProcessFault.Resume, Cancellation);

        Assert.Equal(JobState.Completed, (await FinalAsync(client, submission.JobId)).State);
        Assert.Contains(run.Events, static e => e is WitnessStalled { Process: "worker-1" });
        await faults.StrikeAsync("worker-1", ProcessFault.Terminate, Cancellation);
        Assert.Equal(0, run.Target.Deployment.Find("worker-1")!.ExitCode);
        await Assert.ThrowsAsync<TargetException>(() => faults.StrikeAsync("worker-1", ProcessFault.Kill, Cancellation));
        await Assert.ThrowsAsync<TargetException>(() => faults.StrikeAsync("nobody", ProcessFault.Kill, Cancellation));
    }

    [Fact]
    public async Task Watch_OwnJob_BringsProgressAndTheEnd_AndAStrangersIsNotFound()
    {
        await using var run = await TargetRun.StartAsync(workers: 1);
        var owner = await run.Target.OnboardAsync(new TenantSpec("t1"), Cancellation);
        var stranger = await run.Target.OnboardAsync(new TenantSpec("t2"), Cancellation);
        var events = run.Capability<IJobEvents>();
        var job = new ProbeJob { Label = "j1", DurationMs = 1_500, ProgressSteps = 2, Canary = "canary-1", DelayMs = 300 };
        var id = (await owner.SubmitAsync(job, Cancellation)).Value!.JobId;

        var refused = await events.WatchAsync(stranger, id, Cancellation);
        var absent = await events.WatchAsync(stranger, new string('0', 32), Cancellation);
        var watch = (await events.WatchAsync(owner, id, Cancellation)).Value;

        Assert.Equal(ReplyKind.NotFound, refused.Kind);
        Assert.Equal(absent.Evidence.Bytes.ToArray(), refused.Evidence.Bytes.ToArray());
        Assert.NotNull(watch);
        await using (watch)
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            bound.CancelAfter(Bound);
            var seen = new List<JobNotice>();
            await foreach (var notice in watch.ReadAsync(bound.Token))
            {
                seen.Add(notice);
            }

            Assert.All(seen, n => Assert.Equal(id, n.JobId));
            Assert.Contains(seen, static n => n is { State: JobState.Running, Progress: 33, Attempt: 1 } && n.Message!.Contains("canary-1", StringComparison.Ordinal));
            Assert.Contains(seen, static n => n is { State: JobState.Running, Progress: 66 });
            Assert.Equal(JobState.Completed, seen[^1].State);
        }
    }

    [Fact]
    public async Task StartAsync_PortTaken_SaysSoAndLeavesNothing()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var run = new TargetRun(new AutonomOSTargetOptions { Listen = taken.LocalEndpoint.ToString()! });

        var error = await Assert.ThrowsAsync<TargetException>(() => run.Target.StartAsync(run.Environment, Cancellation));
        await run.Target.DisposeAsync();

        Assert.Contains("server ended by itself", error.Message, StringComparison.Ordinal);
        Assert.Contains(((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
        Assert.Empty(TargetRun.ProcessesWith(run.Root));
        Assert.Empty(Directory.EnumerateFileSystemEntries(run.Environment.ScratchDirectory));
    }

    [Fact]
    public async Task StartAsync_StoreNotThere_SaysSoInTime()
    {
        var endpoint = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{RedisServer.FreePort()}");
        await using var run = new TargetRun(new AutonomOSTargetOptions { Store = endpoint });
        var begun = Stopwatch.GetTimestamp();

        var error = await Assert.ThrowsAsync<TargetException>(() => run.Target.StartAsync(run.Environment, Cancellation));
        await run.Target.DisposeAsync();

        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Contains(endpoint, error.Message, StringComparison.Ordinal);
        Assert.Empty(TargetRun.ProcessesWith(run.Root));
    }

    [Fact]
    public async Task StartAsync_ProgramMissing_SaysWhatToDo()
    {
        await using var run = new TargetRun(new AutonomOSTargetOptions { WorkerProgram = "/nowhere/worker.dll" });

        var error = await Assert.ThrowsAsync<TargetException>(() => run.Target.StartAsync(run.Environment, Cancellation));

        Assert.Contains("/nowhere/worker.dll", error.Message, StringComparison.Ordinal);
        Assert.Contains("dotnet build", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_GivenUp_LeavesNothing()
    {
        await using var run = new TargetRun();
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var starting = run.Target.StartAsync(run.Environment, giveUp.Token);
        while (TargetRun.ProcessesWith(run.Root).Count < 2)
        {
            Assert.False(starting.IsCompleted, "It started before it could be given up.");
            await Task.Delay(5, Cancellation);
        }

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        await run.Target.DisposeAsync();
        Assert.Empty(TargetRun.ProcessesWith(run.Root));
        Assert.Empty(Directory.EnumerateFileSystemEntries(run.Environment.ScratchDirectory));
    }

    [Fact]
    public async Task RunOnSomebodysRedis_LeavesItAsItWas()
    {
        await using var redis = await RedisServer.StartAsync();
        await using (var run = await TargetRun.StartAsync(new AutonomOSTargetOptions { Store = redis.Endpoint }))
        {
            var client = await run.Target.OnboardAsync(new TenantSpec("t1"), Cancellation);
            var submission = (await client.SubmitAsync(new ProbeJob { Label = "j1", DurationMs = 10, IdempotencyKey = "k" }, Cancellation)).Value!;
            Assert.Equal(JobState.Completed, (await FinalAsync(client, submission.JobId)).State);
            var keys = await run.Capability<IKeyInspection>().ListKeysAsync(Cancellation);
            Assert.NotEmpty(keys);
            Assert.DoesNotContain(keys, static k => k.Ownership == KeyOwnership.Unknown);
        }

        await using var probe = await Partywall.AutonomOS.Store.StoreProbe.ConnectAsync(redis.Endpoint, null, TimeProvider.System, 5_000, Cancellation);
        Assert.Empty(await probe.KeysAsync(null, Cancellation));
    }

    /// <summary>Waits until a job is final, as the API says.</summary>
    private static async Task<JobView> FinalAsync(ITenantClient client, string jobId)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var reply = await client.GetAsync(jobId, Cancellation);
            if (reply.Value is { IsFinal: true } final)
            {
                return final;
            }

            Assert.True(Stopwatch.GetElapsedTime(begun) < Bound, $"The job did not end: {reply.Value?.ToString() ?? reply.Detail}");
            await Task.Delay(20, Cancellation);
        }
    }
}
