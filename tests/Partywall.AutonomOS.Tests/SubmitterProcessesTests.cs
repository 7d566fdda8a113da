using System.Diagnostics.CodeAnalysis;
using Partywall.AutonomOS.Http;
using Partywall.Checks;
using Partywall.History;
using Partywall.Scenarios;
using Partywall.Scenarios.Stress;
using Partywall.Targets;

namespace Partywall.AutonomOS.Tests;

/// <summary>Races from several real processes: what they are given, how they end, and that a sixth body is caught through them.</summary>
public sealed class SubmitterProcessesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_KeysStandNowhereOthersCanRead_AndTheProcessesEndWithTheTarget()
    {
        await using var run = await TargetRun.StartAsync(workers: 1);
        await using var client = await run.Target.OnboardAsync(new TenantSpec("a"), Cancellation);
        var key = Assert.IsType<TenantApi>(client).Key;

        var names = await run.Capability<ISubmitterProcesses>().StartSubmittersAsync(2, ["a"], Cancellation);

        Assert.Equal(["submitter-1", "submitter-2"], names);
        Assert.Equal(names, run.Events.OfType<WitnessJoined>().Select(static j => j.Process).Where(static p => p.StartsWith("sub", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        var processes = run.Target.Deployment.Processes.Where(p => names.Contains(p.Name, StringComparer.Ordinal)).ToList();
        Assert.Equal(2, processes.Count);
        foreach (var process in processes)
        {
            Assert.Contains(process.Id, TargetRun.ProcessesWith(run.Root));
            Assert.DoesNotContain(key, await File.ReadAllTextAsync($"/proc/{process.Id}/cmdline", Cancellation), StringComparison.Ordinal);
            Assert.DoesNotContain(key, await File.ReadAllTextAsync($"/proc/{process.Id}/environ", Cancellation), StringComparison.Ordinal);
            Assert.DoesNotContain(key, run.Log(process.Name), StringComparison.Ordinal);
        }

        await run.Target.DisposeAsync();

        Assert.All(processes, static p => Assert.False(Directory.Exists($"/proc/{p.Id}")));
        await Assert.ThrowsAsync<TargetException>(() => run.Capability<ISubmitterProcesses>().StartSubmittersAsync(1, ["nobody"], Cancellation));
    }

    [Fact]
    public async Task Start_WitnessGoes_EndsByItself()
    {
        await using var run = await TargetRun.StartAsync(workers: 1);
        await using var client = await run.Target.OnboardAsync(new TenantSpec("a"), Cancellation);
        await run.Capability<ISubmitterProcesses>().StartSubmittersAsync(1, ["a"], Cancellation);
        var submitter = run.Target.Deployment.Find("submitter-1");

        await run.Witness.DisposeAsync();

        await submitter!.Ended.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        Assert.Contains("The witness is gone", submitter.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SystemGivesOneSlotTooMany_FailsByBoundAndAdmissionThroughSeveralProcesses()
    {
        var (verdict, history) = await JudgeAsync(static () => new OneSlotTooMany());

        Assert.Equal(Verdict.Fail, Assert.Single(verdict.Checks, static c => c.Check == "slots.admission").Verdict);
        Assert.Equal(Verdict.Fail, Assert.Single(verdict.Checks, static c => c.Check == "slots.bound").Verdict);
        Assert.Equal(3, history.Of<OperationInvoked>().Where(static o => o.Tenant == "race" && o.Process is not null).Select(static o => o.Process).Distinct().Count());
        Assert.True(history.Of<OperationInvoked>().Count(static o => o.Tenant == "race" && o.Process is not null) >= 1_000);
    }

    [Fact]
    public async Task Run_SubmitterIsKilled_IsInconclusive()
    {
        var (verdict, history) = await JudgeAsync(static () => new SubmitterKilled());

        Assert.Equal(Verdict.Inconclusive, verdict.Verdict);
        Assert.Equal(RunOutcome.Broken, history.End!.Outcome);
        Assert.Contains("submitter-2 ended in the middle of the run", history.End.Reason, StringComparison.Ordinal);
    }

    private static async Task<(HistoryVerdict Verdict, HistoryData History)> JudgeAsync(Func<ITarget> target)
    {
        var output = Directory.CreateTempSubdirectory("pws-");
        try
        {
            var scenario = new Quota();
            var size = new ScenarioSize(RunProfile.Quick);
            var runner = new ScenarioRunner(new RunSettings { Size = size, Seed = 3, OutDirectory = output.FullName });
            var result = await runner.RunAsync(scenario, scenario.Variants(size)[0], target, null, Cancellation);
            Assert.True(result.HistoryPath is not null, result.Reason);
            var history = await HistoryData.LoadAsync(result.HistoryPath, Cancellation);
            return (HistoryJudge.Judge(history), history);
        }
        finally
        {
            output.Delete(recursive: true);
        }
    }

    /// <summary>The real system, in which the racing tenant has a slot more than the harness was told.</summary>
    private sealed class OneSlotTooMany : Altered
    {
        public override Task<ITenantClient> OnboardAsync(TenantSpec tenant, CancellationToken cancellationToken) =>
            base.OnboardAsync(tenant.Id == "race" ? tenant with { MaxConcurrent = tenant.MaxConcurrent + 1 } : tenant, cancellationToken);
    }

    /// <summary>The real system, and one submitter is killed while the run begins.</summary>
    private sealed class SubmitterKilled : Altered, ISubmitterProcesses
    {
        public async Task<IReadOnlyList<string>> StartSubmittersAsync(int count, IReadOnlyList<string> tenantIds, CancellationToken cancellationToken)
        {
            Assert.True(base.TryGet<ISubmitterProcesses>(out var submitters) & base.TryGet<IProcessFaults>(out var faults));
            var names = await submitters!.StartSubmittersAsync(count, tenantIds, cancellationToken);
            _ = Task.Run(() => faults!.StrikeAsync(names[1], ProcessFault.Kill, cancellationToken), cancellationToken);
            return names;
        }

        public override bool TryGet<T>([NotNullWhen(true)] out T? capability)
            where T : class
        {
            capability = this as T;
            return capability is not null || base.TryGet(out capability);
        }
    }

    private abstract class Altered : ITarget
    {
        private readonly AutonomOSTarget _target = new();

        public string Name => _target.Name;

        public Task StartAsync(TargetEnvironment environment, CancellationToken cancellationToken) => _target.StartAsync(environment, cancellationToken);

        public virtual Task<ITenantClient> OnboardAsync(TenantSpec tenant, CancellationToken cancellationToken) => _target.OnboardAsync(tenant, cancellationToken);

        public virtual bool TryGet<T>([NotNullWhen(true)] out T? capability)
            where T : class, ITargetCapability => _target.TryGet(out capability);

        public ValueTask DisposeAsync() => _target.DisposeAsync();
    }
}
