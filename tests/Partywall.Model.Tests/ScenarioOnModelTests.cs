using Partywall.Checks;
using Partywall.Scenarios;

namespace Partywall.Model.Tests;

/// <summary>Each scenario at its quick size: the healthy model passes every check.</summary>
public sealed class ScenarioOnModelTests
{
    public static TheoryData<string> Scenarios => [.. ScenarioCatalogue.All.Select(static s => s.Name)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Run_HealthyModel_EveryCheckPasses(string scenario)
    {
        var verdicts = await ModelRun.JudgeAsync(scenario, null);

        Assert.All(verdicts, static v => Assert.True(v.Verdict != Verdict.Fail, ModelRun.Describe(v)));
        Assert.SkipWhen(
            scenario == "stress/fairness" && verdicts.Exists(static v => v.Verdict == Verdict.Inconclusive) && ModelRun.WasBusy(verdicts),
            "Nothing failed, but the machine was too busy to judge fairness by.");
        Assert.All(verdicts, static v => Assert.True(v.Verdict == Verdict.Pass, ModelRun.Describe(v)));
    }
}
