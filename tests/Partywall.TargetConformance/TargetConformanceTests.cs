using System.Diagnostics;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.TargetConformance;

/*
 * What a scenario may rely on, whatever the target. A target's test project derives one class from this and one from
 * TargetFixture:
 *
 *     public sealed class MyFixture : TargetFixture { public override ITarget Create() => new MyTarget(); }
 *     public sealed class MyConformanceTests(MyFixture fixture) : TargetConformanceTests(fixture), IClassFixture<MyFixture>;
 */

/// <summary>The tests that every target passes.</summary>
public abstract class TargetConformanceTests(TargetFixture fixture)
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(20);

    private TargetRun Run => fixture.Run;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Submit_OneJob_RunsOnceAndCompletes()
    {
        var tenant = await Run.OnboardAsync(5);
        var job = TargetRun.Job(50, progressSteps: 1);

        var id = await AcceptedAsync(tenant, job);
        var view = await FinalAsync(tenant, id);

        Assert.Equal(JobState.Completed, view.State);
        Assert.Equal(1, view.Attempts);
        var start = Assert.Single(Run.Starts(job.Label));
        Assert.Equal((tenant.TenantId, id, 1), (start.Tenant, start.Job, start.Attempt));
        Assert.NotEmpty(start.Fence);
        Assert.Contains(Run.Events.OfType<BodyProgressed>(), p => p.Body == start.Body);
        Assert.Contains(Run.Events.OfType<BodyStopped>(), s => s.Body == start.Body && s.Outcome == BodyOutcome.Completed);
    }

    [Fact]
    public async Task Onboard_SameIdTwice_Throws()
    {
        var tenant = await Run.OnboardAsync(5);

        await Assert.ThrowsAsync<TargetException>(() => Run.Target.OnboardAsync(new TenantSpec(tenant.TenantId), Cancel));
    }

    [Fact]
    public async Task Submit_StrictTenantIsFull_RefusedForQuotaAndAdmittedOnceASlotIsFree()
    {
        var tenant = await Run.OnboardAsync(2);
        var shorter = await AcceptedAsync(tenant, TargetRun.Job(1_000));
        await AcceptedAsync(tenant, TargetRun.Job(10_000));

        var third = await tenant.SubmitAsync(TargetRun.Job(0), Cancel);

        Assert.Equal(ReplyKind.Refused, third.Kind);
        Assert.Equal(RefusalCode.QuotaExceeded, third.Refusal!.Code);
        Assert.Equal(2, third.Refusal.Limit);
        Assert.Equal(2, third.Refusal.Count);
        Assert.True(third.Evidence.Status > 0);
        await FinalAsync(tenant, shorter);
        await AcceptedAsync(tenant, TargetRun.Job(0));
    }

    [Fact]
    public async Task Submit_LimitOfThree_ThreeBodiesOverlapAndNoMore()
    {
        var tenant = await Run.OnboardAsync(3, maxQueued: 6);
        var jobs = Enumerable.Range(0, 9).Select(_ => TargetRun.Job(400)).ToList();

        var ids = await Task.WhenAll(jobs.Select(job => AcceptedAsync(tenant, job)));
        await Task.WhenAll(ids.Select(id => FinalAsync(tenant, id)));

        Assert.Equal(3, Peak(tenant.TenantId));
    }

    [Fact]
    public async Task Submit_LimitOfOneWithBacklog_RunsInOrder()
    {
        var tenant = await Run.OnboardAsync(1, maxQueued: 4);
        var jobs = Enumerable.Range(0, 5).Select(_ => TargetRun.Job(50)).ToList();
        foreach (var job in jobs)
        {
            await AcceptedAsync(tenant, job);
        }

        await WitnessedAsync(w => w.Stops(jobs[^1].Label) == 1);

        Assert.Equal(
            jobs.Select(static j => j.Label),
            Run.Events.OfType<BodyStarted>().Where(s => s.Tenant == tenant.TenantId).OrderBy(static s => s.AtNs).Select(static s => s.Label));
    }

    [Fact]
    public async Task SubmitBatch_MoreThanFit_EachIsAnsweredForItself()
    {
        var tenant = await Run.OnboardAsync(2, maxQueued: 1);

        var replies = await tenant.SubmitBatchAsync([.. Enumerable.Range(0, 5).Select(_ => TargetRun.Job(2_000))], Cancel);

        Assert.Equal(5, replies.Count);
        Assert.Equal(3, replies.Count(static r => r.Kind == ReplyKind.Ok));
        Assert.All(replies.Where(static r => r.Kind != ReplyKind.Ok), static r => Assert.Equal(RefusalCode.QuotaExceeded, r.Refusal?.Code));
        Assert.Equal(3, replies.Where(static r => r.Kind == ReplyKind.Ok).Select(static r => r.Value!.JobId).Distinct().Count());
    }

    [Fact]
    public async Task Submit_SameIdempotencyKey_IsOneJob()
    {
        var tenant = await Run.OnboardAsync(1);
        var job = TargetRun.Job(1_000) with { IdempotencyKey = "k" };

        var id = await AcceptedAsync(tenant, job);
        var replay = await tenant.SubmitAsync(job, Cancel);
        var conflict = await tenant.SubmitAsync(TargetRun.Job(1_000) with { IdempotencyKey = "k" }, Cancel);

        Assert.Equal(ReplyKind.Ok, replay.Kind);
        Assert.Equal(id, replay.Value!.JobId);
        Assert.True(replay.Value.Replayed);
        Assert.Equal(ReplyKind.Refused, conflict.Kind);
        Assert.Equal(RefusalCode.IdempotencyConflict, conflict.Refusal!.Code);
        await FinalAsync(tenant, id);
        Assert.Single(Run.Starts(job.Label));
    }

    [Fact]
    public async Task Submit_WithDelay_StartsNoEarlier()
    {
        var tenant = await Run.OnboardAsync(1);
        var job = TargetRun.Job(0) with { DelayMs = 700 };
        var sent = Stopwatch.GetTimestamp();

        await AcceptedAsync(tenant, job);
        await WitnessedAsync(w => w.LastStarted(job.Label) is not null);

        // The system may measure with another clock, and round.
        Assert.True(Stopwatch.GetElapsedTime(sent).TotalMilliseconds >= 700 - 20);
    }

    [Fact]
    public async Task Submit_BodyFailsFirst_NextAttemptHasAnotherFence()
    {
        var tenant = await Run.OnboardAsync(1);
        var job = TargetRun.Job(0) with { FailFirstAttempts = 1 };

        var view = await FinalAsync(tenant, await AcceptedAsync(tenant, job));

        Assert.Equal(JobState.Completed, view.State);
        var starts = Run.Starts(job.Label);
        Assert.Equal([1, 2], starts.Select(static s => s.Attempt));
        Assert.NotEqual(starts[0].Fence, starts[1].Fence);
    }

    [Fact]
    public async Task GetAndCancel_StrangersJob_AnsweredAsOneThatNeverExisted()
    {
        var owner = await Run.OnboardAsync(1);
        var stranger = await Run.OnboardAsync(1);
        var job = TargetRun.Job(5_000);
        var id = await AcceptedAsync(owner, job);
        await WitnessedAsync(w => w.LastStarted(job.Label) is not null);
        var absent = id[..^1] + (id[^1] == '0' ? '1' : '0');

        var get = await stranger.GetAsync(id, Cancel);
        var getAbsent = await stranger.GetAsync(absent, Cancel);
        var cancel = await stranger.CancelAsync(id, Cancel);
        var cancelAbsent = await stranger.CancelAsync(absent, Cancel);

        Assert.All([get, getAbsent, cancel, cancelAbsent], static r => Assert.Equal(ReplyKind.NotFound, r.Kind));
        Assert.Equal(Text(getAbsent.Evidence, absent), Text(get.Evidence, id));
        Assert.Equal(Text(cancelAbsent.Evidence, absent), Text(cancel.Evidence, id));
        Assert.Equal(JobState.Running, (await owner.GetAsync(id, Cancel)).Value?.State);
    }

    [Fact]
    public async Task List_TwoTenants_EachSeesItsOwn()
    {
        var a = await Run.OnboardAsync(2);
        var b = await Run.OnboardAsync(2);
        var ofA = await AcceptedAsync(a, TargetRun.Job(0));
        var ofB = await AcceptedAsync(b, TargetRun.Job(0));
        await FinalAsync(a, ofA);
        await FinalAsync(b, ofB);

        Assert.Equal([ofA], (await a.ListAsync(null, null, Cancel)).Value!.Jobs.Select(static j => j.Id));
        Assert.Equal([ofB], (await b.ListAsync(JobState.Completed, null, Cancel)).Value!.Jobs.Select(static j => j.Id));
        Assert.Empty((await b.ListAsync(JobState.Failed, null, Cancel)).Value!.Jobs);
    }

    [Fact]
    public async Task List_MoreThanAPage_CursorLeadsToAll()
    {
        var tenant = await Run.OnboardAsync(5, maxQueued: 300);
        var ids = (await tenant.SubmitBatchAsync([.. Enumerable.Range(0, 130).Select(_ => TargetRun.Job(0))], Cancel))
            .Select(static r => r.Value!.JobId).ToHashSet();
        await Task.WhenAll(ids.Select(id => FinalAsync(tenant, id)));

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await tenant.ListAsync(null, cursor, Cancel)).Value!;
            seen.AddRange(page.Jobs.Select(static j => j.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null && seen.Count <= ids.Count);

        Assert.Equal(ids.Order(), seen.Order());
    }

    [Fact]
    public async Task Cancel_RunningJob_BodyStopsAndTheSlotIsFree()
    {
        var tenant = await Run.OnboardAsync(1);
        var job = TargetRun.Job(60_000);
        var id = await AcceptedAsync(tenant, job);
        await WitnessedAsync(w => w.LastStarted(job.Label) is not null);

        var cancel = await tenant.CancelAsync(id, Cancel);

        Assert.Equal(ReplyKind.Ok, cancel.Kind);
        Assert.Equal(JobState.Cancelled, (await FinalAsync(tenant, id)).State);
        var body = Run.Starts(job.Label)[0].Body;
        Assert.Contains(Run.Events.OfType<BodyStopped>(), s => s.Body == body && s.Outcome == BodyOutcome.Cancelled);
        await AcceptedAsync(tenant, TargetRun.Job(0));
    }

    [Fact]
    public async Task Cancel_PendingJob_NeverStarts()
    {
        var tenant = await Run.OnboardAsync(1, maxQueued: 2);
        var first = await AcceptedAsync(tenant, TargetRun.Job(1_000));
        var waiting = TargetRun.Job(0);
        var id = await AcceptedAsync(tenant, waiting);

        var cancel = await tenant.CancelAsync(id, Cancel);
        await FinalAsync(tenant, first);
        await FinalAsync(tenant, await AcceptedAsync(tenant, TargetRun.Job(0)));

        Assert.Equal(JobState.Cancelled, cancel.Value?.State);
        Assert.Equal(JobState.Cancelled, (await tenant.GetAsync(id, Cancel)).Value?.State);
        Assert.Empty(Run.Starts(waiting.Label));
    }

    [Fact]
    public async Task Usage_OneRunsAndOneWaits_SaysSo()
    {
        var tenant = await Run.OnboardAsync(1, maxQueued: 3);
        var job = TargetRun.Job(5_000);
        await AcceptedAsync(tenant, job);
        await AcceptedAsync(tenant, TargetRun.Job(0));
        await WitnessedAsync(w => w.LastStarted(job.Label) is not null);

        var usage = await tenant.UsageAsync(Cancel);

        Assert.Equal(new UsageView(Running: 1, Pending: 1, MaxConcurrent: 1, MaxQueued: 3), usage.Value);
    }

    [Fact]
    public async Task HeldSlots_DuringAndAfterAJob_OneAndNone()
    {
        var held = Capability<IHeldSlots>();
        var tenant = await Run.OnboardAsync(2);
        var job = TargetRun.Job(1_500);
        var id = await AcceptedAsync(tenant, job);
        await WitnessedAsync(w => w.LastStarted(job.Label) is not null);

        Assert.Equal(1, (await held.HeldSlotsAsync([tenant.TenantId], Cancel))[tenant.TenantId]);
        await FinalAsync(tenant, id);
        Assert.Equal(0, (await held.HeldSlotsAsync([tenant.TenantId], Cancel))[tenant.TenantId]);
    }

    [Fact]
    public async Task SetLimits_RaisedAndLowered_DecideFromThenOn()
    {
        var changes = Capability<ILimitChanges>();
        var tenant = await Run.OnboardAsync(1);
        await AcceptedAsync(tenant, TargetRun.Job(10_000));
        Assert.Equal(ReplyKind.Refused, (await tenant.SubmitAsync(TargetRun.Job(0), Cancel)).Kind);

        await changes.SetLimitsAsync(tenant.TenantId, 2, 0, Cancel);
        await AcceptedAsync(tenant, TargetRun.Job(10_000));
        await WitnessedAsync(w => w.Running(tenant.TenantId) == 2);

        await changes.SetLimitsAsync(tenant.TenantId, 1, 0, Cancel);
        Assert.Equal(ReplyKind.Refused, (await tenant.SubmitAsync(TargetRun.Job(0), Cancel)).Kind);
    }

    [Fact]
    public async Task SetLimits_RaisedWhileJobsWait_TheyStart()
    {
        var changes = Capability<ILimitChanges>();
        var tenant = await Run.OnboardAsync(1, maxQueued: 3);
        foreach (var job in Enumerable.Range(0, 3).Select(_ => TargetRun.Job(10_000)))
        {
            await AcceptedAsync(tenant, job);
        }

        await WitnessedAsync(w => w.Running(tenant.TenantId) == 1);
        await changes.SetLimitsAsync(tenant.TenantId, 3, 3, Cancel);

        await WitnessedAsync(w => w.Running(tenant.TenantId) == 3);
    }

    [Fact]
    public async Task ListKeys_AfterJobs_EachBelongsToSomebodyKnown()
    {
        var keys = Capability<IKeyInspection>();
        var tenant = await Run.OnboardAsync(2);
        await FinalAsync(tenant, await AcceptedAsync(tenant, TargetRun.Job(0)));

        var found = await keys.ListKeysAsync(Cancel);

        Assert.Contains(found, k => k.Ownership == KeyOwnership.Tenant && k.Tenant == tenant.TenantId);
        Assert.DoesNotContain(found, static k => k.Ownership == KeyOwnership.Unknown);
        Assert.All(found, static k => Assert.Equal(k.Ownership == KeyOwnership.Tenant, k.Tenant is not null));
    }

    [Fact]
    public async Task Digest_TenantAtRestWhileAnotherWorks_StaysAndChangesWithItsOwnWork()
    {
        var keys = Capability<IKeyInspection>();
        var tenant = await Run.OnboardAsync(2);
        var neighbour = await Run.OnboardAsync(2);
        await FinalAsync(tenant, await AcceptedAsync(tenant, TargetRun.Job(0)));
        var before = await keys.DigestAsync(tenant.TenantId, Cancel);

        await FinalAsync(neighbour, await AcceptedAsync(neighbour, TargetRun.Job(300)));
        Assert.Equal(before, await keys.DigestAsync(tenant.TenantId, Cancel));

        await FinalAsync(tenant, await AcceptedAsync(tenant, TargetRun.Job(0)));
        Assert.NotEqual(before, await keys.DigestAsync(tenant.TenantId, Cancel));
    }

    [Fact]
    public async Task SettleAgain_OwnAndForeignFence_RepeatIsOkAndOtherIsStale()
    {
        var replay = Capability<ISettleReplay>();
        var tenant = await Run.OnboardAsync(1);
        var job = TargetRun.Job(0);
        var id = await AcceptedAsync(tenant, job);
        await FinalAsync(tenant, id);
        var fence = Run.Starts(job.Label)[0].Fence;
        var other = TargetRun.Job(10_000);
        var running = await AcceptedAsync(tenant, other);
        await WitnessedAsync(w => w.LastStarted(other.Label) is not null);

        var repeat = await replay.SettleAgainAsync(tenant.TenantId, id, fence, Cancel);
        var foreign = await replay.SettleAgainAsync(tenant.TenantId, running, fence, Cancel);

        Assert.Equal(ReplyKind.Ok, repeat.Kind);
        Assert.Equal(RefusalCode.StaleFence, foreign.Refusal?.Code);
        Assert.Equal(JobState.Running, (await tenant.GetAsync(running, Cancel)).Value?.State);
        Assert.Equal(ReplyKind.Refused, (await tenant.SubmitAsync(TargetRun.Job(0), Cancel)).Kind);
    }

    [Fact]
    public async Task Dispose_WhileBodiesRun_LeavesNothing()
    {
        var run = await TargetRun.StartAsync(fixture.Create(), Cancel);
        IReadOnlyList<TargetProcess> processes;
        await using (run)
        {
            var tenant = await run.OnboardAsync(3);
            var job = TargetRun.Job(600_000);
            await AcceptedAsync(tenant, job);
            Assert.True(await run.Witness.WaitAsync(w => w.LastStarted(job.Label) is not null, s_bound, Cancel));
            processes = run.Target.TryGet<IRecordedProcesses>(out var recorded) ? recorded.Processes : [];

            await run.Target.DisposeAsync();

            Assert.True(await run.Witness.WaitAsync(static w => w.Processes == 0 && w.RunningTotal == 0, s_bound, Cancel));
        }

        Assert.All(processes, static p => Assert.Throws<ArgumentException>(() => Process.GetProcessById(p.Id)));
    }

    private T Capability<T>()
        where T : class, ITargetCapability
    {
        Assert.SkipUnless(Run.Target.TryGet<T>(out var capability), $"The target does not offer {typeof(T).Name}.");
        return capability!;
    }

    private static async Task<string> AcceptedAsync(ITenantClient tenant, ProbeJob job)
    {
        var reply = await tenant.SubmitAsync(job, Cancel);
        Assert.True(reply.Kind == ReplyKind.Ok, $"{reply.Kind} {reply.Refusal} {reply.Detail}");
        return reply.Value!.JobId;
    }

    private static async Task<JobView> FinalAsync(ITenantClient tenant, string jobId)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            var reply = await tenant.GetAsync(jobId, Cancel);
            if (reply.Value is { IsFinal: true } view)
            {
                return view;
            }

            Assert.True(reply.Kind == ReplyKind.Ok, $"{reply.Kind} {reply.Refusal} {reply.Detail}");
            Assert.True(Stopwatch.GetElapsedTime(begun) < s_bound, $"Job {jobId} is still {reply.Value!.State}.");
            await Task.Delay(10, Cancel);
        }
    }

    private async Task WitnessedAsync(Func<Witness.WitnessState, bool> condition) =>
        Assert.True(await Run.Witness.WaitAsync(condition, s_bound, Cancel), "The witness did not see it in time.");

    private int Peak(string tenantId)
    {
        var own = Run.Events.OfType<BodyStarted>().Where(s => s.Tenant == tenantId).Select(static s => s.Body).ToHashSet();
        var now = 0;
        var peak = 0;
        foreach (var (_, change) in Run.Events.OfType<BodyStarted>().Where(s => own.Contains(s.Body)).Select(static s => (s.AtNs, 1))
            .Concat(Run.Events.OfType<BodyStopped>().Where(s => own.Contains(s.Body)).Select(static s => (s.AtNs, -1)))
            .Order())
        {
            now += change;
            peak = Math.Max(peak, now);
        }

        return peak;
    }

    private static string Text(ReplyEvidence evidence, string asked) =>
        evidence.Status + System.Text.Encoding.Latin1.GetString(evidence.Bytes.Span).Replace(asked, "{asked}", StringComparison.Ordinal);
}
