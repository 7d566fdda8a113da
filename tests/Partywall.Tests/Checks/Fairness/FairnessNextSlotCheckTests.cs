using Partywall.History;

namespace Partywall.Tests.Checks.Fairness;

public sealed class FairnessNextSlotCheckTests
{
    private const string Check = "fairness.next-slot";

    [Fact]
    public void Evaluate_NoTerms_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Tenant("b"), "states no terms");

    [Fact]
    public void Evaluate_PoolNeverFull_Inconclusive() =>
        Judged.Doubts(Check, Full(jobs: 1).Submit("b", "b1", 50).Start("b1", 60).Stop("b1", 70), "No tenant that ran nothing");

    [Fact]
    public void Evaluate_NewcomerGetsTheFirstFreeSlot_Passes()
    {
        var result = Judged.Passes(Check, Newcomer(startsAt: 105).Start("a3", 110).Stop("a3", 300));

        Assert.Equal(1, Judged.Figure(result, "newcomers to a full pool"));
        Assert.Equal(5, Judged.Figure(result, "longest wait beyond the first free slot"), 3);
    }

    [Fact]
    public void Evaluate_AnotherWasOnItsWay_Passes() => Judged.Passes(Check, Newcomer(startsAt: 130).Start("a3", 119).Stop("a3", 300));

    [Fact]
    public void Evaluate_AnotherIsServedFirst_Fails() =>
        Judged.Fails(Check, Newcomer(startsAt: 210).Start("a3", 125).Stop("a3", 300), "b came to a full pool with nothing running 51 ms into the run. A slot was free 49 ms later, but 1 bod(ies) of a started before its first", "b");

    [Fact]
    public void Evaluate_TenantThatRunsSomething_IsNoNewcomer() =>
        Judged.Doubts(
            Check,
            Full(jobs: 1).Submit("b", "b0", 5).Start("b0", 20).Stop("b0", 200).Submit("b", "b1", 50).Start("b1", 210).Stop("b1", 220).Start("a3", 125).Stop("a3", 300),
            "No tenant that ran nothing");

    [Fact]
    public void Evaluate_ServedLateWhileAWorkerStalled_Inconclusive() =>
        Judged.Doubts(
            Check,
            Newcomer(startsAt: 5_000).Start("a3", 125).Stop("a3", 300).Add(new WitnessStalled(HistoryBuilder.Ns(4_000), HistoryBuilder.Ns(100), "worker-1")),
            "No tenant that ran nothing");

    /// <summary>Two slots, both taken by a until 100 and 200 ms, one job of a waiting; b comes at 50 ms.</summary>
    private static HistoryBuilder Newcomer(double startsAt) => Full(jobs: 2).Submit("b", "b1", 50).Start("b1", startsAt).Stop("b1", startsAt + 10);

    private static HistoryBuilder Full(int jobs)
    {
        var history = new HistoryBuilder { SlotsPerWorker = 2 }.Tenant("a").Tenant("b")
            .Add(new FairnessStated(0, ["a", "b"], HandOverMs: 10, NoteMs: 10))
            .Submit("a", "a3", 2);
        for (var i = 1; i <= jobs; i++)
        {
            history.Submit("a", $"a{i}", 1).Start($"a{i}", 10).Stop($"a{i}", 100 * i);
        }

        return history;
    }
}
