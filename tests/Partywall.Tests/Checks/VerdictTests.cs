using Partywall.Checks;
using Partywall.History;

namespace Partywall.Tests.Checks;

public sealed class VerdictTests
{
    [Theory]
    [InlineData(Verdict.Pass, Verdict.Pass, Verdict.Pass)]
    [InlineData(Verdict.Pass, Verdict.Skipped, Verdict.Pass)]
    [InlineData(Verdict.Pass, Verdict.Inconclusive, Verdict.Inconclusive)]
    [InlineData(Verdict.Skipped, Verdict.Inconclusive, Verdict.Inconclusive)]
    [InlineData(Verdict.Skipped, Verdict.Skipped, Verdict.Skipped)]
    [InlineData(Verdict.Fail, Verdict.Pass, Verdict.Fail)]
    [InlineData(Verdict.Inconclusive, Verdict.Fail, Verdict.Fail)]
    [InlineData(Verdict.Skipped, Verdict.Fail, Verdict.Fail)]
    public void Combine_Two_TheWorseCounts(Verdict one, Verdict other, Verdict both)
    {
        Assert.Equal(both, Verdicts.Combine([one, other]));
        Assert.Equal(both, Verdicts.Combine([other, one]));
    }

    [Fact]
    public void Combine_Nothing_IsNoPass() => Assert.Equal(Verdict.Inconclusive, Verdicts.Combine([]));

    [Theory]
    [InlineData(Verdict.Pass, false, false, 0)]
    [InlineData(Verdict.Pass, true, false, 0)]
    [InlineData(Verdict.Pass, false, true, 0)]
    [InlineData(Verdict.Pass, true, true, 1)]
    [InlineData(Verdict.Fail, false, false, 1)]
    [InlineData(Verdict.Inconclusive, false, false, 2)]
    [InlineData(Verdict.Inconclusive, true, true, 2)]
    [InlineData(Verdict.Skipped, false, false, 2)]
    public void ExitCode_OfAVerdict_IsTheDocumentedOne(Verdict verdict, bool belowBar, bool strict, int code) =>
        Assert.Equal(code, Verdicts.ExitCode(verdict, belowBar, strict));

    [Fact]
    public void Judge_EveryNamedCheckAndThoseOfTheHarness_AreThere()
    {
        var verdict = HistoryJudge.Judge(Whole(["slots.bound"]).Build());

        Assert.Equal(["slots.bound", "harness.complete", "harness.saw-enough", "harness.not-stalled"], verdict.Checks.Select(static c => c.Check));
        Assert.Equal(Verdict.Pass, verdict.Verdict);
    }

    [Fact]
    public void Judge_NoChecksNamed_IsNoPass() => Assert.Equal(Verdict.Inconclusive, HistoryJudge.Judge(Whole([]).Build()).Verdict);

    [Fact]
    public void Judge_CheckOfAnotherVersion_Inconclusive()
    {
        var verdict = HistoryJudge.Judge(Whole(["slots.bound", "slots.imagined"]).Build());

        Assert.Equal(Verdict.Inconclusive, verdict.Verdict);
        Assert.Contains(verdict.Checks, static c => c.Check == "slots.imagined" && c.Verdict == Verdict.Inconclusive);
    }

    [Fact]
    public void Judge_IncompleteHistory_NothingPassesButFailuresStay()
    {
        Assert.All(HistoryJudge.Judge(Whole(["slots.bound"]).Cut()).Checks, static c => Assert.Equal(Verdict.Inconclusive, c.Verdict));

        var wrong = HistoryJudge.Judge(Whole(["slots.bound"], limit: 1).Life("a", "too-many", 1, 2.5, 3).Cut());

        Assert.Equal(Verdict.Fail, wrong.Verdict);
    }

    [Fact]
    public void Evaluate_CheckThatThrows_InconclusiveWithTheReason()
    {
        var result = HistoryJudge.Evaluate(new Throwing(), Whole([]).Build());

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Contains("it tripped", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Catalogue_Names_AreUniqueAndHaveAPage()
    {
        Assert.Equal(CheckCatalogue.All.Count, CheckCatalogue.All.Select(static c => c.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(CheckCatalogue.All, static c => Assert.True(File.Exists(Repository.PathOf("docs", "checks", c.Name + ".md")), $"{c.Name} has no page."));
        Assert.All(CheckCatalogue.Always, static name => Assert.True(CheckCatalogue.TryGet(name, out _), name));
    }

    [Fact]
    public void Scenarios_NameOnlyChecksThatExist() =>
        Assert.All(Partywall.Scenarios.ScenarioCatalogue.All.SelectMany(static s => s.Checks), static name => Assert.True(CheckCatalogue.TryGet(name, out _), name));

    [Fact]
    public void Evaluate_MoreFindingsThanAreKept_CountsThemAll()
    {
        var history = new HistoryBuilder().Tenant("a", 1).Life("a", "first", 1, 2, 900);
        for (var i = 0; i < CheckResult.FindingsMax + 7; i++)
        {
            history.Life("a", $"j{i}", 1, 10 + i, 10.5 + i);
        }

        var result = Judged.By("slots.bound", history.Build());

        Assert.Equal(CheckResult.FindingsMax, result.Findings.Count);
        Assert.Equal(CheckResult.FindingsMax + 7, result.FindingCount);
    }

    private static HistoryBuilder Whole(IReadOnlyList<string> checks, int limit = 5) =>
        new HistoryBuilder { Checks = checks }.Tenant("a", limit).Joined().Life("a", "j", 1, 2, 3);

    private sealed class Throwing : ICheck
    {
        public string Name => "test.throws";

        public string Claim => "Nothing.";

        public CheckResult Evaluate(HistoryData history) => throw new InvalidOperationException("it tripped");
    }
}
