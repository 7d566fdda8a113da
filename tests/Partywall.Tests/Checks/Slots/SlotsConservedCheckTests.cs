using Partywall.Checks;
using Partywall.History;

namespace Partywall.Tests.Checks.Slots;

public sealed class SlotsConservedCheckTests
{
    private const string Check = "slots.conserved";

    [Fact]
    public void Evaluate_NeverSampled_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j", 1, 2, 3), "never sampled");

    [Fact]
    public void Evaluate_NothingHeldAtRest_Passes()
    {
        var result = Judged.Passes(Check, AtRest(0));

        Assert.Equal(1, Judged.Figure(result, "samples at rest"));
    }

    [Fact]
    public void Evaluate_HeldAtRest_Fails() => Judged.Fails(Check, AtRest(1), "still holds 1 slot", "a");

    [Fact]
    public void Evaluate_AtRestOnlyATenantNotSampled_Inconclusive() => Judged.Doubts(Check, AtRest(0).Tenant("b"), "slots of b were not sampled");

    [Fact]
    public void Evaluate_NeverAtRest_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j", 1, 10, 900).Held(100, 110, ("a", 1)).Settled(1_000, 2_000, false, 1), "never came to rest");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Evaluate_HeldUnderWayByLiveBodies_Passes(int held) =>
        Judged.Passes(Check, AtRest(0).Life("a", "j1", 1, 10, 900).Life("a", "j2", 1, 105, 900).Held(100, 110, ("a", held)));

    [Fact]
    public void Evaluate_FewerHeldThanBodiesThatRanThroughout_Fails() =>
        Judged.Fails(Check, AtRest(0).Life("a", "j1", 1, 10, 900).Held(100, 110, ("a", 0)), "freed under a live body", "a");

    [Fact]
    public void Evaluate_BodyThatEndsDuringTheSample_MayHoldOrNot()
    {
        Judged.Passes(Check, AtRest(0).Life("a", "j1", 1, 10, 105).Held(100, 110, ("a", 0)));
        Judged.Passes(Check, AtRest(0).Life("a", "j1", 1, 10, 105).Held(100, 110, ("a", 1)));
        Judged.Passes(Check, AtRest(0).Life("a", "j1", 1, 10, 900).Life("a", "in", 1, 103, 106).Held(100, 110, ("a", 1)));
        Judged.Fails(Check, AtRest(0).Life("a", "j1", 1, 10, 900).Life("a", "in", 1, 103, 106).Held(100, 110, ("a", 0)), "while 1 of its bodies ran");
    }

    [Fact]
    public void Evaluate_HeldByNobodyUnderWay_Fails() =>
        Judged.Fails(Check, AtRest(0, at: 20_000).Life("a", "j1", 1, 10, 900).Held(2_901, 2_902, ("a", 1)), "held by nobody", "a");

    [Fact]
    public void Evaluate_HeldWithinTheHandOver_Passes() =>
        Judged.Passes(Check, AtRest(0, at: 20_000).Life("a", "j1", 1, 10, 900).Held(2_900, 2_901, ("a", 1)));

    [Fact]
    public void Evaluate_AfterAFault_OnlyRestIsJudged()
    {
        Judged.Passes(Check, Struck(0));
        Judged.Fails(Check, Struck(1), "At rest");

        static HistoryBuilder Struck(int atRest) => AtRest(atRest, at: 20_000).Life("a", "j1", 1, 10, 900)
            .Fault(FaultKind.ProcessKill, 50, FaultMark.Begins).Fault(FaultKind.ProcessKill, 60, FaultMark.Healed)
            .Held(100, 110, ("a", 0)).Held(5_000, 5_001, ("a", 1));
    }

    private static HistoryBuilder AtRest(int held, double at = 1_000) => new HistoryBuilder().Tenant("a")
        .Settled(at - 50, at - 10).Phase(RunPhase.AtRest, at).Held(at + 1, at + 2, ("a", held));
}
