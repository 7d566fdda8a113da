using System.Diagnostics;
using Partywall.Checks;
using Partywall.Reporting;
using Partywall.Scenarios;

namespace Partywall.Cli;

/// <summary>Runs what was asked for, one variant after the other, and reports.</summary>
/// <param name="request">What was asked for.</param>
/// <param name="display">Shows it.</param>
/// <param name="time">The wall clock, for the report.</param>
internal sealed class RunSession(RunRequest request, IRunDisplay display, TimeProvider time)
{
    /// <summary>Where details go when Partywall itself breaks.</summary>
    public const string FailureFile = "partywall-failure.log";

    /// <summary>The report's directory, once it is there.</summary>
    public string? Directory { get; private set; }

    /// <summary>Runs.</summary>
    /// <param name="cancellationToken">Interrupts: what runs is cleaned up, what was seen is reported.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">The report's directory cannot be used.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var startedUtc = time.GetUtcNow();
        var begun = Stopwatch.GetTimestamp();
        Directory = ReportDirectory.Create(request.Out, startedUtc, request.Seed);
        display.Begin(new RunIntroduction(
            request.Seed,
            request.Target.Name,
            ProfileName,
            request.Choice.Store,
            request.Choice.PlantedBug,
            [.. request.Scenarios.Select(static s => s.Name)]));
        var runner = new ScenarioRunner(new RunSettings
        {
            Size = request.Size,
            Seed = request.Seed,
            OutDirectory = Directory,
            PlantedBug = request.Choice.PlantedBug,
        });
        var scenarios = new List<ScenarioReport>();
        var harnessBroke = false;
        foreach (var (scenario, variant) in request.Scenarios.SelectMany(s => s.Variants(request.Size).Select(v => (s, v))))
        {
            ScenarioReport report;
            if (cancellationToken.IsCancellationRequested)
            {
                report = NotRun(scenario, variant);
            }
            else
            {
                var title = variant.Name.Length == 0 ? scenario.Name : $"{scenario.Name} ({variant.Name})";
                var result = await display.WatchAsync(
                    title, progress => runner.RunAsync(scenario, variant, () => request.Target.Create(request.Choice), progress, cancellationToken));
                harnessBroke |= result.Status == VariantStatus.HarnessBroken;

                // Not cancelled: what was seen until an interruption is judged and reported.
                report = await ScenarioJudgement.JudgeAsync(result, Directory, CancellationToken.None);
            }

            display.Show(report);
            scenarios.Add(report);
        }

        var verdict = Verdicts.Combine(scenarios.Select(static s => s.Verdict));
        var exitCode = Verdicts.ExitCode(verdict, scenarios.Exists(static s => s.IsBelowBar), request.Strict);
        var run = new RunReport
        {
            StartedUtc = startedUtc,
            DurationMs = Math.Round(Stopwatch.GetElapsedTime(begun).TotalMilliseconds, 3),
            Seed = request.Seed,
            Target = request.Target.Name,
            Store = request.Target.TakesStore ? request.Choice.Store ?? RunRequest.EmbeddedStore : null,
            Profile = ProfileName,
            PlantedBug = request.Choice.PlantedBug,
            Strict = request.Strict,
            Interrupted = cancellationToken.IsCancellationRequested,
            Verdict = verdict,
            ExitCode = harnessBroke && verdict != Verdict.Fail ? ExitCode.Broken : exitCode,
            Scenarios = scenarios,
        };
        ReportFiles.Write(Directory, run);
        display.End(run, Directory);
        return run.ExitCode;
    }

    private string ProfileName => request.Size.Profile.ToString().ToLowerInvariant();

    private static ScenarioReport NotRun(Scenario scenario, ScenarioVariant variant) => new()
    {
        Name = scenario.Name,
        Variant = variant.Name,
        Claim = scenario.Claim,
        Why = variant.Why,
        Verdict = Verdict.Inconclusive,
        Reason = "Not run: the run was interrupted before.",
        Checks = [],
    };
}
