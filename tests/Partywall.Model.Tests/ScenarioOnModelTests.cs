using Partywall.Checks;
using Partywall.History;
using Partywall.Scenarios;

namespace Partywall.Model.Tests;

/// <summary>
/// Each scenario at its quick size: the healthy model passes every check, and each planted bug turns the check red that
/// is there to find it.
/// </summary>
public sealed class ScenarioOnModelTests
{
    public static TheoryData<string> Scenarios => [.. ScenarioCatalogue.All.Select(static s => s.Name)];

    public static TheoryData<string> Bugs => [.. PlantedBug.All.Select(static b => b.Name)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Run_HealthyModel_EveryCheckPasses(string scenario)
    {
        var verdicts = await RunAsync(scenario, null);

        Assert.All(verdicts, static v => Assert.True(v.Verdict == Verdict.Pass, Describe(v)));
    }

    [Theory]
    [MemberData(nameof(Bugs))]
    public async Task Run_BugPlanted_ItsCheckFails(string name)
    {
        var bug = PlantedBug.Find(name)!;

        var verdicts = await RunAsync(bug.Scenario, bug);

        Assert.True(IsRed(verdicts[^1], bug), string.Join('\n', verdicts.Select(Describe)));
    }

    internal static async Task<List<HistoryVerdict>> RunAsync(string name, PlantedBug? bug)
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

    private static bool IsRed(HistoryVerdict verdict, PlantedBug bug) =>
        verdict.Checks.Any(c => c.Check == bug.Check && c.Verdict == Verdict.Fail);

    private static string Describe(HistoryVerdict verdict) =>
        $"{verdict.Scenario} {verdict.Variant}: {verdict.Verdict}\n" + string.Join('\n', verdict.Checks.Select(static c =>
            $"  {c.Verdict} {c.Check} {c.Reason} {string.Join(" | ", c.Findings.Take(3).Select(static f => f.ToString()))}"));
}
