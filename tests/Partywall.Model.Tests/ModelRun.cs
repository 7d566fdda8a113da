using Partywall.Checks;
using Partywall.History;
using Partywall.Scenarios;

namespace Partywall.Model.Tests;

/// <summary>Runs a scenario at its quick size on the model and judges it.</summary>
internal static class ModelRun
{
    private const int BoundMsMax = 2_600;

    /// <summary>The verdicts of its variants, up to the first in which the planted bug was found.</summary>
    internal static async Task<List<HistoryVerdict>> JudgeAsync(string name, PlantedBug? bug)
    {
        var scenario = Assert.Single(ScenarioCatalogue.Find(name));
        var size = new ScenarioSize(RunProfile.Quick);
        var directory = Directory.CreateTempSubdirectory("pw-test-");
        try
        {
            var runner = new ScenarioRunner(new RunSettings { Size = size, Seed = 7, OutDirectory = directory.FullName, PlantedBug = bug?.Name });
            var verdicts = new List<HistoryVerdict>();
            foreach (var variant in scenario.Variants(size))
            {
                var result = await runner.RunAsync(scenario, variant, () => new ModelTarget(bug), null, TestContext.Current.CancellationToken);
                Assert.True(result.Status == VariantStatus.Finished, $"{result.Status}: {result.Reason}");
                verdicts.Add(HistoryJudge.Judge(await HistoryData.LoadAsync(result.HistoryPath!, TestContext.Current.CancellationToken)));
                if (bug is not null && IsRed(verdicts[^1], bug))
                {
                    break;
                }
            }

            return verdicts;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    internal static bool IsRed(HistoryVerdict verdict, PlantedBug bug) =>
        verdict.Checks.Any(c => c.Check == bug.Check && c.Verdict == Verdict.Fail);

    /// <summary>
    /// Whether the machine was too busy to judge fairness by: it stood still for a quarter of a second, or stretched bodies so
    /// far that the bound, which is measured in them, is half as large again as it should be.
    /// </summary>
    internal static bool WasBusy(IEnumerable<HistoryVerdict> verdicts) => verdicts
        .SelectMany(static v => v.Checks).SelectMany(static c => c.Figures)
        .Any(static f => f is { Name: "longest stall", Value: > 0 } or { Name: "its bound", Value: > BoundMsMax });

    internal static string Describe(HistoryVerdict verdict) =>
        $"{verdict.Scenario} {verdict.Variant}: {verdict.Verdict}\n" + string.Join('\n', verdict.Checks.Select(static c =>
            $"  {c.Verdict} {c.Check} {c.Reason} {string.Join(" | ", c.Findings.Take(3).Select(static f => f.ToString()))}"));
}
