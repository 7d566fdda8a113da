using System.Globalization;
using Partywall.History;

namespace Partywall.Tests.Checks.Neighbours;

public sealed class NeighbourSlowdownTests
{
    private const string Check = "neighbour.slowdown";

    [Fact]
    public void Evaluate_NoEffect_Passes()
    {
        var result = Judged.Passes(Check, Rounds(20, 40, besideFactor: 1));

        Assert.InRange(Judged.Figure(result, "wait p50 ratio", "quiet"), 0.9, 1.1);
        Assert.Equal(20, Judged.Figure(result, "rounds", "quiet"));
        Assert.Null(result.BelowBar);
    }

    [Fact]
    public void Evaluate_TwiceTheWait_IsFound()
    {
        var finding = Judged.Fails(Check, Rounds(20, 40, besideFactor: 2), "the bar is 1.25", "quiet");

        Assert.Equal(41, finding.Lines.Count);
    }

    [Fact]
    public void Evaluate_TwiceTheWaitButBelowTheFloor_Passes() =>
        Judged.Passes(Check, Rounds(20, 40, besideFactor: 2, scaleMs: 5));

    [Fact]
    public void Evaluate_WithinTheBarButNotWithinOurs_PassesBelowIt()
    {
        var result = Judged.Passes(Check, Rounds(40, 40, besideFactor: 1.5, ratioMax: 2, bar: 1.1));

        Assert.Contains("our bar is 1.10", result.BelowBar, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_OnBothSidesOfTheBar_IsInconclusive() =>
        Judged.Doubts(Check, Rounds(20, 20, besideFactor: 1.25), "cannot be told");

    [Fact]
    public void Evaluate_JobBesideThatNeverStarted_IsTheWorstWaitAndNotLeftOut()
    {
        var history = Rounds(20, 40, besideFactor: 1, skip: static (_, i) => i % 3 != 0);

        Judged.Fails(Check, history, "the bar is 1.25", "quiet");
    }

    [Fact]
    public void Evaluate_FewRounds_IsInconclusive() => Judged.Doubts(Check, Rounds(9, 400, besideFactor: 5), "9 round(s)");

    [Fact]
    public void Evaluate_FewWaits_IsInconclusive() =>
        Judged.Doubts(Check, Rounds(20, 20, besideFactor: 5, percent: 99), "3000 are needed");

    [Fact]
    public void Evaluate_OneArmOnly_IsInconclusive() =>
        Judged.Doubts(Check, Rounds(20, 40, besideFactor: 5, arms: 1), "0 round(s)");

    [Fact]
    public void Evaluate_NothingCompared_IsInconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j1", 1, 2, 3), "no comparison");

    [Fact]
    public void Evaluate_CutOffRun_IsInconclusive() => Judged.Doubts(Check, Rounds(20, 40, besideFactor: 2).Cut(), "did not go through");

    private static HistoryBuilder Rounds(
        int rounds,
        int jobs,
        double besideFactor,
        double scaleMs = 100,
        double percent = 50,
        double ratioMax = 1.25,
        double? bar = null,
        int arms = 2,
        Func<int, int, bool>? skip = null)
    {
        var random = new Random(1);
        var history = new HistoryBuilder().Tenant("quiet", 5, 1_000).Phase(RunPhase.Load, 0.1)
            .Add(new ComparisonStated(HistoryBuilder.Ns(0.2), "quiet", percent, ratioMax, bar));
        var at = 1.0;
        for (var round = 1; round <= rounds; round++)
        {
            for (var arm = 0; arm < arms; arm++)
            {
                history.Add(new ArmBegan(HistoryBuilder.Ns(at), round, arm == 0 ? ComparisonArm.Solo : ComparisonArm.Beside));
                for (var i = 0; i < jobs; i++)
                {
                    var label = string.Create(CultureInfo.InvariantCulture, $"r{round}.{arm}.{i}");
                    var intended = at + 1 + i;
                    var wait = (arm == 0 ? 1 : besideFactor) * scaleMs * (0.7 + (0.6 * random.NextDouble()));

                    // Sent late: the wait counts from when it was intended.
                    history.Submit("quiet", label, intended + 0.5, intended: intended);
                    if (arm == 0 || skip?.Invoke(arm, i) != true)
                    {
                        history.Start(label, intended + wait).Stop(label, intended + wait + 1);
                    }
                }

                at += 1_000;
            }
        }

        return history.Phase(RunPhase.Settling, at);
    }
}
