namespace Partywall.Tests.Checks.Fairness;

public sealed class FairnessShareTests
{
    private const string Check = "fairness.share";

    [Fact]
    public void Evaluate_WeightsKept_Passes()
    {
        var result = Judged.Passes(Check, Weighted(SchedulerFlaw.None));

        Assert.InRange(Judged.Figure(result, "share of the pool", "a"), 22, 28);
        Assert.InRange(Judged.Figure(result, "share of the pool", "b"), 72, 78);
    }

    [Fact]
    public void Evaluate_WeightsIgnored_IsFound() =>
        Judged.Fails(Check, Weighted(SchedulerFlaw.WeightsIgnored), "of its due share", "b");

    [Fact]
    public void Evaluate_ChargedByCount_IsFound()
    {
        var pool = new SimulatedPool(4, SchedulerFlaw.ChargedByCount, 1);
        pool.Jobs(pool.Tenant("a"), 200, 200).Jobs(pool.Tenant("b"), 4_000, 10);

        Judged.Fails(Check, pool.Run(), "of its due share", "b");
    }

    [Fact]
    public void Evaluate_OneOfTenStarved_IsFoundThoughJainsIndexReadsNineTenths()
    {
        var pool = new SimulatedPool(9, SchedulerFlaw.FixedOrder, 1);
        for (var i = 0; i < 10; i++)
        {
            pool.Jobs(pool.Tenant("t" + i, limit: i < 9 ? 1 : 10), 100, 50);
        }

        var history = pool.Run(untilMs: 4_500);

        Judged.Fails(Check, history, "0.0 % of its due share", "t9");
        var result = Judged.By(Check, history.Build());
        Assert.InRange(Judged.Figure(result, "Jain's index of the parts"), 0.89, 0.91);
    }

    [Fact]
    public void Evaluate_TenantAtItsLimit_IsDueNoMoreThanThat()
    {
        var pool = new SimulatedPool(8, SchedulerFlaw.None, 1);
        pool.Jobs(pool.Tenant("capped", weight: 10, limit: 1), 300, 50).Jobs(pool.Tenant("b"), 1_500, 50).Jobs(pool.Tenant("c"), 1_500, 50);

        var result = Judged.Passes(Check, pool.Run());

        Assert.InRange(Judged.Figure(result, "share of the pool", "capped"), 12, 13);
    }

    [Fact]
    public void Evaluate_Passes_ShowsThroughputAndWaitsBesideTheIndex()
    {
        var result = Judged.Passes(Check, Weighted(SchedulerFlaw.None));

        Assert.InRange(Judged.Figure(result, "Jain's index of the parts"), 0.99, 1);
        Assert.InRange(Judged.Figure(result, "slots in use in it"), 3.5, 4);
        Assert.InRange(Judged.Figure(result, "attempts begun in it"), 60, 80);
        Assert.All(["a", "b"], tenant => Assert.True(Judged.Figure(result, "wait p99", tenant) > Judged.Figure(result, "wait p50", tenant)));
    }

    [Fact]
    public void Evaluate_BelowOurBar_PassesAndSaysSo()
    {
        // Bodies of 10 ms with hand-overs of 1 ms or so: by its bodies the short jobs' tenant gets some 5 % less.
        var pool = new SimulatedPool(4, SchedulerFlaw.None, 1);
        pool.Jobs(pool.Tenant("a"), 400, 200).Jobs(pool.Tenant("b"), 8_000, 10);

        var result = Judged.Passes(Check, pool.Run());

        Assert.Contains("b got 9", result.BelowBar, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_HandOverMayExplainIt_IsInconclusive()
    {
        var pool = new SimulatedPool(4, SchedulerFlaw.None, 1) { HandOverMs = 20 };
        pool.Jobs(pool.Tenant("a"), 400, 200).Jobs(pool.Tenant("b"), 4_000, 5);

        Judged.Doubts(Check, pool.Run(), "cannot be told");
    }

    [Fact]
    public void Evaluate_ShortWindow_IsInconclusive()
    {
        var pool = new SimulatedPool(4, SchedulerFlaw.None, 1);
        pool.Jobs(pool.Tenant("a"), 12, 100).Jobs(pool.Tenant("b"), 12, 100);

        Judged.Doubts(Check, pool.Run(), "times the longest attempt");
    }

    [Fact]
    public void Evaluate_NeverAllWithWork_IsInconclusive()
    {
        var pool = new SimulatedPool(4, SchedulerFlaw.None, 1);
        pool.Jobs(pool.Tenant("a"), 100, 10).Jobs(pool.Tenant("b"), 100, 10, at: 10_000);

        Judged.Doubts(Check, pool.Run(), "never all served");
    }

    [Fact]
    public void Evaluate_CutOffRun_IsInconclusive() =>
        Judged.Doubts(Check, Weighted(SchedulerFlaw.WeightsIgnored).Cut(), "did not go through");

    [Fact]
    public void Evaluate_NoTerms_IsInconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j1", 1, 2, 3), "between whom");

    private static HistoryBuilder Weighted(SchedulerFlaw flaw)
    {
        var pool = new SimulatedPool(4, flaw, 1);
        pool.Jobs(pool.Tenant("a"), 600, 50).Jobs(pool.Tenant("b", weight: 3), 600, 50);
        return pool.Run();
    }
}
