using Partywall.History;

namespace Partywall.Tests.Checks.Fairness;

public sealed class FairnessFinishTests
{
    private const string Check = "fairness.finish";

    [Fact]
    public void Evaluate_EqualWorkTogether_Passes()
    {
        var result = Judged.Passes(Check, Equal(SchedulerFlaw.None, 100));

        Assert.InRange(Judged.Figure(result, "difference in ending"), 0, 5);
        Assert.Null(result.BelowBar);
    }

    [Fact]
    public void Evaluate_ServedInAFixedOrder_IsFound() => Judged.Fails(Check, Equal(SchedulerFlaw.FixedOrder, 100), "though both had equal work", "b");

    [Fact]
    public void Evaluate_EqualWorkInLongAndShortJobs_PassesByASlotTimeScheduler() => Judged.Passes(Check, LongAndShort(SchedulerFlaw.None));

    [Fact]
    public void Evaluate_EqualWorkInLongAndShortJobs_ChargedByCount_IsFound() =>
        Judged.Fails(Check, LongAndShort(SchedulerFlaw.ChargedByCount), "though both had equal work", "b");

    [Fact]
    public void Evaluate_WithinTwoJobLengths_IsHeldAgainstNobody() =>
        // Two jobs each in one slot, one tenant first: it ends in half of the other's time, but only two jobs earlier.
        Judged.Passes(Check, Equal(SchedulerFlaw.FixedOrder, 2, slots: 1));

    [Fact]
    public void Evaluate_SomewhatLater_PassesBelowOurBar()
    {
        var history = Lives(100, 110);

        Assert.Contains("our bar is 2 %", Judged.Passes(Check, history).BelowBar, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ALittleTooLate_IsFound() => Judged.Fails(Check, Lives(100, 121), "21.0 % later", "b");

    [Fact]
    public void Evaluate_HandOversMayExplainIt_IsInconclusive()
    {
        var pool = new SimulatedPool(2, SchedulerFlaw.None, 1) { HandOverMs = 20 };
        pool.Jobs(pool.Tenant("a"), 40, 100).Jobs(pool.Tenant("b"), 800, 5);

        Judged.Doubts(Check, pool.Run(), "cannot be told");
    }

    [Fact]
    public void Evaluate_UnequalWork_IsInconclusive()
    {
        var pool = new SimulatedPool(4, SchedulerFlaw.None, 1);
        pool.Jobs(pool.Tenant("a"), 100, 50).Jobs(pool.Tenant("b"), 150, 50);

        Judged.Doubts(Check, pool.Run(), "need not end together");
    }

    [Fact]
    public void Evaluate_OtherWeights_IsInconclusive()
    {
        var pool = new SimulatedPool(4, SchedulerFlaw.None, 1);
        pool.Jobs(pool.Tenant("a"), 100, 50).Jobs(pool.Tenant("b", weight: 3), 100, 50);

        Judged.Doubts(Check, pool.Run(), "No two tenants of the same weight");
    }

    [Fact]
    public void Evaluate_SubmittedLater_IsInconclusive()
    {
        var pool = new SimulatedPool(4, SchedulerFlaw.None, 1);
        pool.Jobs(pool.Tenant("a"), 100, 50).Jobs(pool.Tenant("b"), 100, 50, at: 900);

        Judged.Doubts(Check, pool.Run(), "not submitted together");
    }

    [Fact]
    public void Evaluate_JobWithoutAStop_IsInconclusive() =>
        Judged.Doubts(Check, Lives(100, 200).Submit("b", "lost", 2), "no body that stopped");

    [Fact]
    public void Evaluate_Stall_IsInconclusive() => Judged.Doubts(Check, Lives(100, 110).Stalled(500, 5_000), "when work ended shows nothing");

    [Fact]
    public void Evaluate_NoTerms_IsInconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j1", 1, 2, 3), "between whom");

    private static HistoryBuilder Equal(SchedulerFlaw flaw, int jobs, int slots = 4)
    {
        var pool = new SimulatedPool(slots, flaw, 1);
        pool.Jobs(pool.Tenant("a"), jobs, 50).Jobs(pool.Tenant("b"), jobs, 50);
        return pool.Run();
    }

    private static HistoryBuilder LongAndShort(SchedulerFlaw flaw)
    {
        var pool = new SimulatedPool(4, flaw, 1);
        pool.Jobs(pool.Tenant("a"), 100, 200).Jobs(pool.Tenant("b"), 1_000, 20);
        return pool.Run();
    }

    /// <summary>Two tenants with 100 jobs of 10 ms each, one after the other, ending when said, in units of 10 ms.</summary>
    private static HistoryBuilder Lives(int endA, int endB)
    {
        var history = new HistoryBuilder().Tenant("a", 1, 100).Tenant("b", 1, 100)
            .Add(new FairnessStated(0, ["a", "b"], 0));
        foreach (var (tenant, end) in new[] { ("a", endA), ("b", endB) })
        {
            for (var i = 1; i <= 100; i++)
            {
                var stop = i == 100 ? (end * 10) : i * 10;
                history.Life(tenant, $"{tenant}{i}", 0, stop - 10, stop);
            }
        }

        return history;
    }
}
