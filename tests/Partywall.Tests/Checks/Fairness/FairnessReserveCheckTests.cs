using Partywall.History;

namespace Partywall.Tests.Checks.Fairness;

public sealed class FairnessReserveCheckTests
{
    private const string Check = "fairness.reserve";

    [Fact]
    public void Evaluate_NoTerms_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Tenant("b"), "states no terms");

    [Fact]
    public void Evaluate_NothingReserved_Inconclusive() =>
        Judged.Doubts(Check, Newcomer(startsAt: 60, reserved: 0), "No tenant that ran nothing");

    [Fact]
    public void Evaluate_OtherSlotsNotAllTaken_Inconclusive() =>
        Judged.Doubts(Check, Full(jobs: 1, reserved: 1).Submit("b", "b1", 50).Start("b1", 60).Stop("b1", 70), "No tenant that ran nothing");

    [Fact]
    public void Evaluate_NewcomerStartsBesideTheOthers_Passes()
    {
        var result = Judged.Passes(Check, Newcomer(startsAt: 60));

        Assert.Equal(1, Judged.Figure(result, "newcomers to a pool with a reserve"));
        Assert.Equal(9, Judged.Figure(result, "longest wait of a newcomer"), 3);
    }

    [Fact]
    public void Evaluate_NewcomerWaitsUntilABodyEnds_Fails() =>
        Judged.Fails(
            Check,
            Newcomer(startsAt: 105),
            "b came with nothing running 51 ms into the run. 2 of 4 slots are kept for such tenants, but its first body started after 54 ms, 5 ms after one of a had ended, of which 2 ran.",
            "b");

    [Fact]
    public void Evaluate_ReserveTakenByOneWhoRunsAlready_Fails() =>
        Judged.Fails(Check, Newcomer(startsAt: 105, jobs: 3), "of which 3 ran", "b");

    [Fact]
    public void Evaluate_ABodyEndsAtOnceAnyway_SaysNothing() =>
        Judged.Doubts(Check, Full(jobs: 2, reserved: 1).Submit("b", "b1", 90).Start("b1", 105).Stop("b1", 115), "No tenant that ran nothing");

    [Fact]
    public void Evaluate_TenantThatRunsSomething_IsNoNewcomer() =>
        Judged.Doubts(
            Check,
            Full(jobs: 2, reserved: 1).Submit("b", "b0", 5).Start("b0", 5.5).Stop("b0", 200).Submit("b", "b1", 50).Start("b1", 210).Stop("b1", 220),
            "No tenant that ran nothing");

    [Fact]
    public void Evaluate_AnotherNewcomerMayHaveTheReserve_SaysNothing() =>
        Judged.Doubts(Check, Newcomer(startsAt: 105).Tenant("c").Submit("c", "c1", 3).Start("c1", 6).Stop("c1", 300), "No tenant that ran nothing");

    [Fact]
    public void Evaluate_WorkerStalledMeanwhile_Inconclusive() =>
        Judged.Doubts(
            Check,
            Newcomer(startsAt: 5_000).Add(new WitnessStalled(HistoryBuilder.Ns(4_000), HistoryBuilder.Ns(100), "worker-1")),
            "No tenant that ran nothing");

    /// <summary>Two workers of two slots, of which each keeps one; a's bodies end at 100, 200, … ms; b comes at 50 ms.</summary>
    private static HistoryBuilder Newcomer(double startsAt, int jobs = 2, int reserved = 1) =>
        Full(jobs, reserved).Submit("b", "b1", 50).Start("b1", startsAt).Stop("b1", startsAt + 10);

    private static HistoryBuilder Full(int jobs, int reserved)
    {
        var history = new HistoryBuilder { Workers = 2, SlotsPerWorker = 2, ReservedSlotsPerWorker = reserved }.Tenant("a").Tenant("b")
            .Add(new FairnessStated(0, ["a", "b"], HandOverMs: 10, NoteMs: 10));
        for (var i = 1; i <= jobs; i++)
        {
            history.Submit("a", $"a{i}", 1).Start($"a{i}", 10).Stop($"a{i}", 100 * i);
        }

        return history;
    }
}
