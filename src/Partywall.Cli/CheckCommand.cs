using System.CommandLine;
using Partywall.Checks;
using Partywall.History;
using Partywall.Reporting;
using Spectre.Console;

namespace Partywall.Cli;

/// <summary><c>partywall check</c>.</summary>
internal static class CheckCommand
{
    /// <summary>Builds the command.</summary>
    /// <param name="output">Where the verdict is shown.</param>
    public static Command Create(TextWriter output)
    {
        var files = new Argument<string[]>("HISTORY")
        {
            Description = "Histories (history.jsonl) from a report directory.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("check", "Judge recorded histories again. The same history always gets the same verdict.")
        {
            files,
        };
        command.SetAction((ParseResult parsed, CancellationToken cancellationToken) => CheckAsync(parsed.GetValue(files)!, output, cancellationToken));
        return command;
    }

    private static async Task<int> CheckAsync(IReadOnlyList<string> paths, TextWriter output, CancellationToken cancellationToken)
    {
        // All are read before any is judged, so that a wrong name among them is said at once.
        var scenarios = new List<ScenarioReport>();
        var headers = new List<RunHeader>();
        foreach (var path in paths)
        {
            HistoryData history;
            try
            {
                history = await HistoryData.LoadAsync(path, cancellationToken);
            }
            catch (HistoryException e)
            {
                throw new UsageException(e.Message);
            }

            headers.Add(history.Header);
            scenarios.Add(ScenarioJudgement.Judge(history, path));
        }

        IRunDisplay display = !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi
            ? new LiveRunDisplay(AnsiConsole.Console)
            : new PlainRunDisplay(output);
        foreach (var scenario in scenarios)
        {
            display.Show(scenario);
        }

        var verdict = Verdicts.Combine(scenarios.Select(static s => s.Verdict));
        var report = new RunReport
        {
            StartedUtc = headers[0].StartedUtc,
            DurationMs = scenarios.Sum(static s => s.Figures?.DurationMs ?? 0),
            Seed = headers[0].Seed,
            Target = headers[0].Target,
            Profile = headers[0].Profile,
            PlantedBug = headers[0].PlantedBug,
            Verdict = verdict,
            ExitCode = Verdicts.ExitCode(verdict),
            Scenarios = scenarios,
        };
        display.End(report, directory: null);
        return report.ExitCode;
    }
}
