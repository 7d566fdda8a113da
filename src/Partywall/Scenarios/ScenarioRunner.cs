using System.Diagnostics;
using Partywall.History;
using Partywall.Load;
using Partywall.Load.Submitters;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.Scenarios;

/// <summary>
/// Runs a scenario's variant against a freshly started target and leaves a history of it: start, onboard, warm up,
/// load, settle, look at what is left, stop. It judges nothing.
/// </summary>
/// <remarks>
/// Every wait is bounded. However a run ends, by itself, by cancellation or by a failure, the target is disposed, the
/// witness closed, the private directory removed, and the history gets its end record with the reason.
/// </remarks>
public sealed class ScenarioRunner
{
    private const string HistoryFile = "history.jsonl";
    private readonly RunSettings _settings;

    /// <summary>Creates a runner.</summary>
    /// <param name="settings">The settings of all its runs.</param>
    public ScenarioRunner(RunSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
    }

    /// <summary>Runs one variant.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="variant">One of its variants, for <see cref="RunSettings.Size"/>.</param>
    /// <param name="createTarget">Makes a fresh target, not started; the runner disposes it.</param>
    /// <param name="progress">Is told where the run stands; null for nobody.</param>
    /// <param name="cancellationToken">Interrupts the run. It still cleans up and returns.</param>
    /// <returns>What became of it. Failures of target and harness are results; only wrong arguments are thrown.</returns>
    public async Task<VariantResult> RunAsync(
        Scenario scenario,
        ScenarioVariant variant,
        Func<ITarget> createTarget,
        IProgress<ScenarioProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(variant);
        ArgumentNullException.ThrowIfNull(createTarget);
        var begun = Stopwatch.GetTimestamp();
        var target = createTarget();
        var missing = scenario.Needs.Concat(variant.Needs).Where(need => !need.IsOfferedBy(target)).Select(static need => need.Name).ToList();
        if (missing.Count > 0)
        {
            await target.DisposeAsync();
            return Result(VariantStatus.Skipped, null, null, $"The target {target.Name} does not offer {string.Join(", ", missing)}, which the scenario needs.");
        }

        var directory = Path.Combine(_settings.OutDirectory, DirectoryName(scenario, variant));
        var logs = Path.Combine(directory, "logs");
        var historyPath = Path.Combine(directory, HistoryFile);
        var clock = new RunClock();
        HistoryWriter history;
        try
        {
            Directory.CreateDirectory(logs);
            history = new HistoryWriter(historyPath, Header(scenario, variant, target));
        }
        catch (Exception e) when (e is HistoryException or IOException or UnauthorizedAccessException)
        {
            await target.DisposeAsync();
            return Result(VariantStatus.Broken, null, null, $"Cannot write to {directory}: {e.Message}");
        }

        await using (history)
        {
            var (status, reason) = await RunAsync(scenario, variant, target, logs, clock, history, progress, cancellationToken);
            try
            {
                history.End(clock.NowNs, Outcome(status), reason);
            }
            catch (HistoryException e)
            {
                (status, reason) = (VariantStatus.Broken, e.Message);
            }

            return Result(status, historyPath, logs, reason);
        }

        VariantResult Result(VariantStatus status, string? path, string? logDirectory, string? reason) =>
            new(scenario, variant, status, path, logDirectory, reason, Stopwatch.GetElapsedTime(begun));
    }

    private async Task<(VariantStatus Status, string? Reason)> RunAsync(
        Scenario scenario,
        ScenarioVariant variant,
        ITarget target,
        string logs,
        RunClock clock,
        HistoryWriter history,
        IProgress<ScenarioProgress>? progress,
        CancellationToken cancellationToken)
    {
        DirectoryInfo? scratch = null;
        WitnessServer? witness = null;
        var status = VariantStatus.Finished;
        string? reason = null;
        var tenants = new List<RecordedTenant>();
        var live = new LiveDisplay(scenario, variant, clock, tenants, progress);
        try
        {
            scratch = Directory.CreateTempSubdirectory("pw-");
            witness = new WitnessServer(Path.Combine(scratch.FullName, "witness.sock"), clock, Record);
            live.Begin(witness.State);
            await StartAsync(variant, target, scratch, logs, cancellationToken);
            if (target.TryGet<IRecordedProcesses>(out var processes))
            {
                foreach (var process in processes.Processes)
                {
                    Record(new ProcessStarted(clock.NowNs, process.Name, process.Id));
                }
            }

            var numbers = new OperationNumbers();
            var canaries = new CanaryScanner(variant.Tenants.Concat(variant.Candidates).Select(static t => t.Id), _settings.Seed);
            live.Stage("bringing tenants in");
            foreach (var spec in variant.Tenants.Concat(variant.Candidates))
            {
                ITenantClient client;
                try
                {
                    client = await target.OnboardAsync(spec, cancellationToken);
                }
                catch (TargetException e) when (variant.Candidates.Contains(spec))
                {
                    Record(new TenantRefused(clock.NowNs, spec.Id, e.Refusal?.Code, e.Refusal?.Detail ?? e.Message));
                    continue;
                }

                Record(new TenantOnboarded(
                    clock.NowNs, spec.Id, spec.MaxConcurrent, spec.MaxQueued, spec.Weight, canaries.CanaryOf(spec.Id)));
                lock (tenants)
                {
                    tenants.Add(new RecordedTenant(spec, client, clock, Record, canaries, numbers));
                }
            }

            live.Stage("starting submitters");
            var submitters = await StartSubmittersAsync(variant, target, witness, clock, Record, cancellationToken);
            var run = new ScenarioRun(target, tenants, witness.State, clock, new Random(_settings.Seed), Record, numbers, submitters);
            await PhasesAsync(variant, run, live, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            (status, reason) = (VariantStatus.Interrupted, "It was interrupted.");
        }
        catch (Exception e) when (e is TargetException or HistoryException or WitnessException or TimeoutException)
        {
            (status, reason) = (VariantStatus.Broken, e.Message);
        }
        catch (Exception e)
        {
            // A defect of the harness or of a target. It must not take the cleaning up with it, nor look like a verdict.
            (status, reason) = (VariantStatus.HarnessBroken, $"The harness broke: {e.GetType().Name}: {e.Message}");
            await File.WriteAllTextAsync(Path.Combine(logs, "harness-failure.log"), e.ToString(), CancellationToken.None);
        }

        live.Stage("stopping");
        if (await StopAsync(target, tenants) is { } left && status is VariantStatus.Finished or VariantStatus.Interrupted)
        {
            (status, reason) = (VariantStatus.Broken, left);
        }

        await live.DisposeAsync();
        if (witness is not null)
        {
            await witness.DisposeAsync();
        }

        try
        {
            scratch?.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            reason ??= $"The directory {scratch!.FullName} could not be removed: {e.Message}";
            status = status == VariantStatus.Finished ? VariantStatus.Broken : status;
        }

        return (status, reason);

        void Record(HistoryEvent historyEvent)
        {
            live.See(historyEvent);
            history.Append(historyEvent);
        }
    }

    private async Task StartAsync(ScenarioVariant variant, ITarget target, DirectoryInfo scratch, string logs, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(_settings.StartMsMax);
        try
        {
            await target.StartAsync(
                new TargetEnvironment
                {
                    WitnessSocketPath = Path.Combine(scratch.FullName, "witness.sock"),
                    LogDirectory = logs,
                    ScratchDirectory = scratch.CreateSubdirectory("t").FullName,
                    Seed = _settings.Seed,
                    Workers = variant.Workers,
                    SlotsPerWorker = variant.SlotsPerWorker,
                    ReservedSlotsPerWorker = variant.ReservedSlotsPerWorker,
                },
                bound.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The target {target.Name} did not start within {_settings.StartMsMax} ms. Its logs are in {logs}.", e);
        }
    }

    private static async Task<SubmitterProcesses?> StartSubmittersAsync(
        ScenarioVariant variant, ITarget target, WitnessServer witness, RunClock clock, Action<HistoryEvent> record, CancellationToken cancellationToken)
    {
        if (variant.SubmitterProcesses == 0)
        {
            return null;
        }

        if (!target.TryGet<ISubmitterProcesses>(out var capability))
        {
            record(new Noted(clock.NowNs, $"The target {target.Name} starts no submitter processes, so races come from threads of the harness."));
            return null;
        }

        var processes = await capability.StartSubmittersAsync(variant.SubmitterProcesses, variant.RacingTenants, cancellationToken);
        var submitters = new SubmitterProcesses(witness, clock, processes);
        record(new SubmittersStarted(clock.NowNs, processes, variant.RacingTenants));
        return submitters;
    }

    private static async Task PhasesAsync(ScenarioVariant variant, ScenarioRun run, LiveDisplay live, CancellationToken cancellationToken)
    {
        var keys = run.Target.TryGet<IKeyInspection>(out var inspection) ? inspection : null;
        using var sampling = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sampler = new Sampler(run);
        var samples = sampler.RunAsync(sampling.Token, cancellationToken);
        TimeoutException? givenUp;
        try
        {
            Begin(RunPhase.WarmUp);
            await WarmUp.RunAsync(run, cancellationToken);
            await DigestAsync(DigestMoment.Before);

            Begin(RunPhase.Load);
            givenUp = await LoadAsync(variant, run, cancellationToken);

            Begin(RunPhase.Settling);
            await SettleWait.RunAsync(run, variant.Demands.SettleMsMax, cancellationToken);
        }
        finally
        {
            await sampling.CancelAsync();
            await samples;
        }

        Begin(RunPhase.AtRest);
        await sampler.SampleHeldAsync(cancellationToken);
        await SettleWait.ObserveAsync(run, cancellationToken);
        if (keys is not null)
        {
            await run.InspectKeysAsync(keys, cancellationToken);
        }

        await DigestAsync(DigestMoment.After);

        // Last, because it may mend what the others are to find.
        if (run.Target.TryGet<IReconciliation>(out var reconciliation))
        {
            await run.ReconcileAsync(reconciliation, cancellationToken);
        }

        if (givenUp is not null)
        {
            throw givenUp;
        }

        void Begin(RunPhase phase) => run.Record(new PhaseBegan(run.Clock.NowNs, phase));

        async Task DigestAsync(DigestMoment moment)
        {
            foreach (var bystander in keys is null ? [] : variant.Bystanders)
            {
                var digest = await keys!.DigestAsync(bystander, cancellationToken);
                run.Record(new TenantDigested(run.Clock.NowNs, bystander, moment, digest));
            }
        }
    }

    /// <summary>Drives the load within its bound.</summary>
    /// <returns>That it was given up; null when it went through. What hangs is looked at even so: it is evidence.</returns>
    private static async Task<TimeoutException?> LoadAsync(ScenarioVariant variant, ScenarioRun run, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(variant.LoadMsMax);
        try
        {
            await variant.DriveAsync(run, bound.Token);
            return null;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            return new TimeoutException($"The load did not get through within {variant.LoadMsMax} ms.", e);
        }
    }

    /// <summary>Closes clients and target within the bound.</summary>
    /// <returns>What went wrong; null for nothing.</returns>
    private async Task<string?> StopAsync(ITarget target, List<RecordedTenant> tenants)
    {
        var bound = TimeSpan.FromMilliseconds(_settings.StopMsMax);
        try
        {
            foreach (var tenant in tenants)
            {
                await tenant.DisposeAsync().AsTask().WaitAsync(bound);
            }
        }
        catch (Exception e)
        {
            await target.DisposeAsync().AsTask().WaitAsync(bound).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return $"A client did not close: {e.Message}";
        }

        try
        {
            await target.DisposeAsync().AsTask().WaitAsync(bound);
            return null;
        }
        catch (Exception e)
        {
            return $"The target {target.Name} did not stop cleanly, so something of it may be left behind: {e.Message}";
        }
    }

    private RunHeader Header(Scenario scenario, ScenarioVariant variant, ITarget target) => new(
        0,
        HistoryFormat.Name,
        HistoryFormat.Version,
        TimeProvider.System.GetUtcNow(),
        scenario.Name,
        variant.Name,
        target.Name,
        _settings.Size.Profile.ToString(),
        _settings.Seed,
        variant.Workers,
        variant.SlotsPerWorker,
        [.. scenario.Checks, .. variant.Checks],
        _settings.PlantedBug,
        variant.Demands,
        variant.ReservedSlotsPerWorker);

    private static RunOutcome Outcome(VariantStatus status) => status switch
    {
        VariantStatus.Finished => RunOutcome.Finished,
        VariantStatus.Interrupted => RunOutcome.Interrupted,
        _ => RunOutcome.Broken,
    };

    private static string DirectoryName(Scenario scenario, ScenarioVariant variant) =>
        scenario.Name.Replace('/', '-') + (variant.Name.Length == 0 ? "" : "-" + variant.Name);
}
