using Partywall.Checks;
using Partywall.History;
using Partywall.Scenarios;
using Partywall.Scenarios.Stress;

namespace Partywall.AutonomOS.Tests;

/// <summary>The whole path turns red when the system is wrong: a worker that breaks the rules on purpose is caught, by name.</summary>
public sealed class PlantedWorkerTests
{
    [Fact]
    public async Task Run_WorkerRunsEachBodyTwice_FailsBySlotsAndByAttempts()
    {
        var verdict = await JudgeAsync("RunTwice");

        Assert.Equal(Verdict.Fail, verdict.Verdict);
        Assert.Equal(Verdict.Fail, Assert.Single(verdict.Checks, static c => c.Check == "slots.bound").Verdict);
        Assert.Equal(Verdict.Fail, Assert.Single(verdict.Checks, static c => c.Check == "jobs.once").Verdict);
    }

    [Fact]
    public async Task Run_HonestWorker_Passes()
    {
        var verdict = await JudgeAsync(null);

        var open = verdict.Checks.Where(static c => c.Verdict != Verdict.Pass).ToList();
        Assert.SkipWhen(
            open.Count > 0 && open.TrueForAll(static c => c.Verdict == Verdict.Inconclusive && c.Check.StartsWith("harness.", StringComparison.Ordinal)),
            "The machine was too busy to judge by: " + string.Join(' ', open.Select(static c => c.Reason)));
        Assert.True(verdict.Verdict == Verdict.Pass, string.Join('\n', open.Select(static c => $"{c.Check}: {c.Verdict} {c.Reason} {string.Join(' ', c.Findings)}")));
    }

    private static async Task<HistoryVerdict> JudgeAsync(string? plant)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var output = Directory.CreateTempSubdirectory("pwp-");
        try
        {
            var scenario = new Quota();
            var size = new ScenarioSize(RunProfile.Quick);
            var runner = new ScenarioRunner(new RunSettings { Size = size, Seed = 3, OutDirectory = output.FullName, PlantedBug = plant });
            var result = await runner.RunAsync(
                scenario,
                scenario.Variants(size)[0],
                () => new AutonomOSTarget(new AutonomOSTargetOptions { WorkerPlant = plant }),
                null,
                cancellation);
            Assert.True(result.HistoryPath is not null, result.Reason);
            return HistoryJudge.Judge(await HistoryData.LoadAsync(result.HistoryPath, cancellation));
        }
        finally
        {
            output.Delete(recursive: true);
        }
    }
}
