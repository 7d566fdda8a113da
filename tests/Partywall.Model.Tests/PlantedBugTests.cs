using Partywall.Scenarios;

namespace Partywall.Model.Tests;

/*
 * Each planted bug turns the check red that is there to find it. One class a scenario, so that they run side by side.
 */

public sealed class PlantedBugInIsolationTests
{
    private const string Scenario = "stress/isolation-under-load";

    public static TheoryData<string> Bugs => PlantedBugs.Of(Scenario);

    [Theory]
    [MemberData(nameof(Bugs))]
    public Task Run_BugPlanted_ItsCheckFails(string bug) => PlantedBugs.AssertFoundAsync(bug);
}

public sealed class PlantedBugInQuotaTests
{
    private const string Scenario = "stress/quota";

    public static TheoryData<string> Bugs => PlantedBugs.Of(Scenario);

    [Theory]
    [MemberData(nameof(Bugs))]
    public Task Run_BugPlanted_ItsCheckFails(string bug) => PlantedBugs.AssertFoundAsync(bug);
}

public sealed class PlantedBugInBurstTests
{
    private const string Scenario = "stress/burst";

    public static TheoryData<string> Bugs => PlantedBugs.Of(Scenario);

    [Theory]
    [MemberData(nameof(Bugs))]
    public Task Run_BugPlanted_ItsCheckFails(string bug) => PlantedBugs.AssertFoundAsync(bug);
}

public sealed class PlantedBugInMixedDurationsTests
{
    private const string Scenario = "stress/mixed-durations";

    public static TheoryData<string> Bugs => PlantedBugs.Of(Scenario);

    [Theory]
    [MemberData(nameof(Bugs))]
    public Task Run_BugPlanted_ItsCheckFails(string bug) => PlantedBugs.AssertFoundAsync(bug);
}

public sealed class PlantedBugInFairnessTests
{
    private const string Scenario = "stress/fairness";

    public static TheoryData<string> Bugs => PlantedBugs.Of(Scenario);

    [Theory]
    [MemberData(nameof(Bugs))]
    public Task Run_BugPlanted_ItsCheckFails(string bug) => PlantedBugs.AssertFoundAsync(bug);
}

public sealed class PlantedBugInHostileIdsTests
{
    private const string Scenario = "stress/hostile-ids";

    public static TheoryData<string> Bugs => PlantedBugs.Of(Scenario);

    [Theory]
    [MemberData(nameof(Bugs))]
    public Task Run_BugPlanted_ItsCheckFails(string bug) => PlantedBugs.AssertFoundAsync(bug);
}

public sealed class PlantedBugInDataIsolationTests
{
    private const string Scenario = "stress/data-isolation";

    public static TheoryData<string> Bugs => PlantedBugs.Of(Scenario);

    [Theory]
    [MemberData(nameof(Bugs))]
    public Task Run_BugPlanted_ItsCheckFails(string bug) => PlantedBugs.AssertFoundAsync(bug);
}

public sealed class PlantedBugTests
{
    [Fact]
    public void All_Names_AreUniqueAndEachScenarioHasSome()
    {
        Assert.Distinct(PlantedBug.All.Select(static b => b.Name));
        Assert.Equal(ScenarioCatalogue.All.Select(static s => s.Name).Order(), PlantedBug.All.Select(static b => b.Scenario).Distinct().Order());
        Assert.Null(PlantedBug.Find("no-such-bug"));
    }
}

internal static class PlantedBugs
{
    public static TheoryData<string> Of(string scenario) => [.. PlantedBug.All.Where(b => b.Scenario == scenario).Select(static b => b.Name)];

    public static async Task AssertFoundAsync(string name)
    {
        var bug = PlantedBug.Find(name)!;

        var verdicts = await ModelRun.JudgeAsync(bug.Scenario, bug);

        Assert.SkipWhen(
            bug.Scenario == "stress/fairness" && !ModelRun.IsRed(verdicts[^1], bug) && ModelRun.WasBusy(verdicts),
            "The machine was too busy to judge fairness by.");
        Assert.True(ModelRun.IsRed(verdicts[^1], bug), string.Join('\n', verdicts.Select(ModelRun.Describe)));
    }
}
