using System.Diagnostics.CodeAnalysis;
using Partywall.Checks;
using Partywall.History;
using Partywall.Scenarios;
using Partywall.Targets;

namespace Partywall.Model.Tests;

/// <summary>However a run ends, it says how, leaves its evidence, and leaves nothing else.</summary>
public sealed class ScenarioRunnerTests : IDisposable
{
    private readonly DirectoryInfo _out = Directory.CreateTempSubdirectory("pw-test-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_CancelledUnderLoad_IsInterruptedWithEvidenceAndEverythingStopped()
    {
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var target = new WrappedTarget();
        var progress = new Listener(p =>
        {
            if (p is { Phase: RunPhase.Load, Running: > 0 })
            {
                interrupt.Cancel();
            }
        });

        var result = await RunAsync(target, progress, interrupt.Token);

        Assert.Equal(VariantStatus.Interrupted, result.Status);
        var history = await HistoryData.LoadAsync(result.HistoryPath!, Cancel);
        Assert.Equal(RunOutcome.Interrupted, history.End?.Outcome);
        Assert.False(history.IsComplete);
        Assert.NotEmpty(history.Of<BodyStarted>());
        Assert.Equal(Verdict.Inconclusive, HistoryJudge.Judge(history).Verdict);
        AssertNothingLeft(target);
    }

    [Fact]
    public async Task Run_TargetDoesNotStart_IsBrokenWithItsWords()
    {
        var target = new WrappedTarget { OnStart = static () => throw new TargetException("The port 1234 is taken: choose another.") };

        var result = await RunAsync(target);

        Assert.Equal(VariantStatus.Broken, result.Status);
        Assert.Equal("The port 1234 is taken: choose another.", result.Reason);
        Assert.Equal(RunOutcome.Broken, (await HistoryData.LoadAsync(result.HistoryPath!, Cancel)).End?.Outcome);
        AssertNothingLeft(target);
    }

    [Fact]
    public async Task Run_TargetHangsAtStart_IsBrokenAfterTheBound()
    {
        var target = new WrappedTarget { OnStartAsync = static ct => Task.Delay(Timeout.Infinite, ct) };

        var result = await RunAsync(target, settings: Settings() with { StartMsMax = 50 });

        Assert.Equal(VariantStatus.Broken, result.Status);
        Assert.Contains("did not start within 50 ms", result.Reason, StringComparison.Ordinal);
        AssertNothingLeft(target);
    }

    [Fact]
    public async Task Run_TargetLacksACapability_IsSkippedAndSaysWhich()
    {
        var target = new WrappedTarget { Lacks = typeof(IKeyInspection) };

        var result = await RunAsync(target);

        Assert.Equal(VariantStatus.Skipped, result.Status);
        Assert.Contains("KeyInspection", result.Reason, StringComparison.Ordinal);
        Assert.Null(result.HistoryPath);
        Assert.Empty(_out.EnumerateFileSystemInfos());
        Assert.True(target.IsDisposed);
    }

    [Fact]
    public async Task Run_TargetKeepsNoReserve_OnlyTheVariantThatNeedsOneIsSkipped()
    {
        var scenario = ScenarioCatalogue.Find("stress/mixed-durations")[0];
        var variant = Assert.Single(scenario.Variants(Settings().Size), static v => v.Needs.Count > 0);
        var target = new WrappedTarget { Lacks = typeof(IReservedSlots) };

        var result = await new ScenarioRunner(Settings()).RunAsync(scenario, variant, () => target, null, Cancel);

        Assert.Equal(VariantStatus.Skipped, result.Status);
        Assert.Contains("ReservedSlots", result.Reason, StringComparison.Ordinal);
        Assert.True(target.IsDisposed);
    }

    [Fact]
    public async Task Run_TargetBreaksUnexpectedly_IsBrokenAndCleanedUp()
    {
        var target = new WrappedTarget { OnOnboard = static () => throw new InvalidCastException("a defect") };

        var result = await RunAsync(target);

        Assert.Equal(VariantStatus.HarnessBroken, result.Status);
        Assert.Contains("a defect", result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", result.Reason, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(result.LogDirectory!, "harness-failure.log")));
        AssertNothingLeft(target);
    }

    [Fact]
    public async Task Run_TargetDoesNotStop_IsBroken()
    {
        var target = new WrappedTarget { OnStop = static () => throw new TargetException("worker-1 would not end."), OnStart = static () => throw new TargetException("x") };
        var honest = new WrappedTarget { OnStop = static () => throw new TargetException("worker-1 would not end.") };
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var progress = new Listener(p =>
        {
            if (p.Phase is RunPhase.WarmUp)
            {
                interrupt.Cancel();
            }
        });

        Assert.Equal("x", (await RunAsync(target)).Reason);
        _out.Refresh();
        foreach (var directory in _out.EnumerateDirectories())
        {
            directory.Delete(recursive: true);
        }

        var result = await RunAsync(honest, progress, interrupt.Token);
        Assert.Equal(VariantStatus.Broken, result.Status);
        Assert.Contains("worker-1 would not end", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_HistoryIsThereAlready_IsBrokenAndLeavesIt()
    {
        var directory = _out.CreateSubdirectory("stress-isolation-under-load-strict");
        var path = Path.Combine(directory.FullName, "history.jsonl");
        await File.WriteAllTextAsync(path, "evidence", Cancel);
        var target = new WrappedTarget();

        var result = await RunAsync(target);

        Assert.Equal(VariantStatus.Broken, result.Status);
        Assert.Equal("evidence", await File.ReadAllTextAsync(path, Cancel));
        Assert.True(target.IsDisposed);
    }

    [Fact]
    public async Task Run_SameSeed_DrawsTheSame()
    {
        var first = await DrawnAsync();
        foreach (var directory in _out.EnumerateDirectories())
        {
            directory.Delete(recursive: true);
        }

        Assert.Equal(first, await DrawnAsync());

        async Task<List<string>> DrawnAsync()
        {
            using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var result = await RunAsync(new WrappedTarget(), new Listener(p =>
            {
                if (p.Phase == RunPhase.WarmUp)
                {
                    interrupt.Cancel();
                }
            }), interrupt.Token);
            return [.. (await HistoryData.LoadAsync(result.HistoryPath!, Cancel)).Of<TenantOnboarded>().Select(static t => t.Canary)];
        }
    }

    public void Dispose() => _out.Delete(recursive: true);

    private RunSettings Settings() => new() { Size = new ScenarioSize(RunProfile.Quick), Seed = 1, OutDirectory = _out.FullName };

    private Task<VariantResult> RunAsync(
        WrappedTarget target, IProgress<ScenarioProgress>? progress = null, CancellationToken? cancellationToken = null, RunSettings? settings = null)
    {
        settings ??= Settings();
        var scenario = ScenarioCatalogue.Find("stress/isolation-under-load")[0];
        return new ScenarioRunner(settings).RunAsync(
            scenario, scenario.Variants(settings.Size)[0], () => target, progress, cancellationToken ?? Cancel);
    }

    private static void AssertNothingLeft(WrappedTarget target)
    {
        Assert.True(target.IsDisposed);
        Assert.False(Directory.Exists(Path.GetDirectoryName(target.Environment!.WitnessSocketPath)));
    }

    private sealed class Listener(Action<ScenarioProgress> report) : IProgress<ScenarioProgress>
    {
        public void Report(ScenarioProgress value) => report(value);
    }

    /// <summary>The model, with faults at its edges.</summary>
    private sealed class WrappedTarget : ITarget
    {
        private readonly ModelTarget _model = new();

        public string Name => _model.Name;

        public Action? OnStart { get; init; }

        public Func<CancellationToken, Task>? OnStartAsync { get; init; }

        public Action? OnOnboard { get; init; }

        public Action? OnStop { get; init; }

        public Type? Lacks { get; init; }

        public TargetEnvironment? Environment { get; private set; }

        public bool IsDisposed { get; private set; }

        public async Task StartAsync(TargetEnvironment environment, CancellationToken cancellationToken)
        {
            Environment = environment;
            OnStart?.Invoke();
            await (OnStartAsync?.Invoke(cancellationToken) ?? Task.CompletedTask);
            await _model.StartAsync(environment, cancellationToken);
        }

        public Task<ITenantClient> OnboardAsync(TenantSpec tenant, CancellationToken cancellationToken)
        {
            OnOnboard?.Invoke();
            return _model.OnboardAsync(tenant, cancellationToken);
        }

        public bool TryGet<T>([NotNullWhen(true)] out T? capability)
            where T : class, ITargetCapability
        {
            capability = null;
            return typeof(T) != Lacks && _model.TryGet(out capability);
        }

        public async ValueTask DisposeAsync()
        {
            await _model.DisposeAsync();
            IsDisposed = true;
            OnStop?.Invoke();
        }
    }
}
