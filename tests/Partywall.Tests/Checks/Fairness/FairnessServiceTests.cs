using CsCheck;
using Partywall.Checks;
using Partywall.History;

namespace Partywall.Tests.Checks.Fairness;

public sealed class FairnessServiceTests
{
    private const string Check = "fairness.service";

    /// <summary>The situations in which a flaw shows, each with the flaw and the tenant that is short of service.</summary>
    public static TheoryData<SchedulerFlaw, string> Flaws => new()
    {
        { SchedulerFlaw.FixedOrder, "b" },
        { SchedulerFlaw.CreditBanked, "b" },
        { SchedulerFlaw.WeightsIgnored, "b" },
        { SchedulerFlaw.ChargedByCount, "b" },
        { SchedulerFlaw.NoTrueUp, "b" },
    };

    [Theory]
    [MemberData(nameof(Flaws))]
    public void Evaluate_FlawedScheduler_IsFound(SchedulerFlaw flaw, string shorted)
    {
        var finding = Judged.Fails(Check, Situation(flaw, flaw), "both had work and room", shorted);

        Assert.True(finding.Lines.Count >= 3);
    }

    [Theory]
    [MemberData(nameof(Flaws))]
    public void Evaluate_CorrectSchedulerInTheSameSituation_Passes(SchedulerFlaw situation, string shorted)
    {
        var result = Judged.Passes(Check, Situation(situation, SchedulerFlaw.None));

        Assert.NotEmpty(shorted);
        Assert.Equal(1, Judged.Figure(result, "pairs compared"));
        Assert.InRange(Judged.Figure(result, "its bound used"), 0.1, 100);
    }

    [Fact]
    public void Evaluate_CorrectScheduler_NothingIsFoundWhateverTheLoad() =>
        Gen.Int.Sample(static seed => Judged.By(Check, Random(seed).Build()).Verdict != Verdict.Fail, iter: 300);

    [Fact]
    public void Evaluate_PrefixOfACorrectRun_NothingIsFound() =>
        Gen.Select(Gen.Int, Gen.Double[0, 1]).Sample(
            static (seed, part) =>
            {
                var events = Random(seed).Build().Events;
                return Judged.By(Check, new HistoryData([.. events.Take(Math.Max(1, (int)(part * events.Count)))])).Verdict != Verdict.Fail;
            },
            iter: 100);

    [Fact]
    public void Evaluate_ShortJobsThatAreHalfHandOver_AreNotTakenForUnfair()
    {
        // Slot time is shared evenly, body time is not: the short jobs' tenant gets half as much of it.
        var pool = new SimulatedPool(2, SchedulerFlaw.None, 1) { HandOverMs = 10 };
        pool.Jobs(pool.Tenant("long"), 200, 200).Jobs(pool.Tenant("short"), 8_000, 6);

        Assert.NotEqual(Verdict.Fail, Judged.By(Check, pool.Run().Build()).Verdict);
    }

    [Fact]
    public void Evaluate_TooLittleService_IsInconclusive()
    {
        var pool = new SimulatedPool(2, SchedulerFlaw.None, 1);
        pool.Jobs(pool.Tenant("a"), 10, 50).Jobs(pool.Tenant("b"), 10, 50);

        Judged.Doubts(Check, pool.Run(), "10 times the bound");
    }

    [Fact]
    public void Evaluate_StarvedForLessThanTheBound_IsInconclusive()
    {
        var pool = new SimulatedPool(2, SchedulerFlaw.FixedOrder, 1);
        pool.Jobs(pool.Tenant("a"), 10, 50).Jobs(pool.Tenant("b"), 10, 50);

        Judged.Doubts(Check, pool.Run(), "not sharp enough");
    }

    [Fact]
    public void Evaluate_MostlyHandOver_IsInconclusive()
    {
        // With so little of the slot time seen, a starved tenant could not be told from one with slow hand-overs.
        var pool = new SimulatedPool(2, SchedulerFlaw.None, 1) { HandOverMs = 40 };
        pool.Jobs(pool.Tenant("a"), 3_000, 1).Jobs(pool.Tenant("b"), 3_000, 1);

        Judged.Doubts(Check, pool.Run(), "not sharp enough");
    }

    [Fact]
    public void Evaluate_TenantsAtTheirLimits_AreNotCompared()
    {
        // A gets more, and rightly: b may not have it.
        var pool = new SimulatedPool(4, SchedulerFlaw.None, 1);
        pool.Jobs(pool.Tenant("a"), 1_000, 50).Jobs(pool.Tenant("b", limit: 1), 300, 50);

        Judged.Doubts(Check, pool.Run(), "ever seen with work and room");
    }

    [Fact]
    public void Evaluate_StarvedWhileAProcessStoodStill_IsNotHeldAgainstTheScheduler()
    {
        var pool = new SimulatedPool(2, SchedulerFlaw.FixedOrder, 1);
        pool.Jobs(pool.Tenant("a"), 400, 50).Jobs(pool.Tenant("b"), 400, 50);
        var history = pool.Run().Stalled(0.1, 30_000);

        Judged.Doubts(Check, history, "ever seen with work and room");
    }

    [Fact]
    public void Evaluate_NoTerms_IsInconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j1", 1, 2, 3), "no terms");

    [Fact]
    public void Evaluate_TenantNeverBroughtIn_IsInconclusive()
    {
        var pool = new SimulatedPool(1, SchedulerFlaw.None, 1) { Tried = ["a", "b", "ghost"] };
        pool.Jobs(pool.Tenant("a"), 500, 50).Jobs(pool.Tenant("b"), 500, 50);

        Judged.Doubts(Check, pool.Run(), "ghost");
    }

    [Fact]
    public void Evaluate_LateKnowledgeStated_WidensTheBoundBothWays()
    {
        // The same run: a scheduler that says it knows nothing for 100 s has promised nothing that a run of 80 s could break,
        // and kept nothing either.
        Assert.Equal(Verdict.Fail, Judged.By(Check, Stated(noteMs: 100).Build()).Verdict);
        Assert.Equal(Verdict.Inconclusive, Judged.By(Check, Stated(noteMs: 100_000).Build()).Verdict);

        static HistoryBuilder Stated(int noteMs)
        {
            var pool = new SimulatedPool(2, SchedulerFlaw.WeightsIgnored, 1);
            pool.Jobs(pool.Tenant("a"), 2_000, 20).Jobs(pool.Tenant("b", weight: 3), 2_000, 20);
            return pool.Run().Add(new FairnessStated(HistoryBuilder.Ns(1), ["a", "b"], 2, noteMs, 10));
        }
    }

    /// <summary>A load under which a flaw shows.</summary>
    private static HistoryBuilder Situation(SchedulerFlaw situation, SchedulerFlaw flaw)
    {
        var pool = new SimulatedPool(situation == SchedulerFlaw.NoTrueUp ? 1 : 4, flaw, 1);
        var a = pool.Tenant("a", limit: situation == SchedulerFlaw.CreditBanked ? 1 : 1_000);
        var b = pool.Tenant("b", situation == SchedulerFlaw.WeightsIgnored ? 3 : 1);
        switch (situation)
        {
            case SchedulerFlaw.FixedOrder or SchedulerFlaw.WeightsIgnored:
                pool.Jobs(a, 1_000, 50).Jobs(b, 1_000, 50);
                break;
            case SchedulerFlaw.CreditBanked:
                // A is held at one slot for a minute while b has three, and is then let free, with more room than the pool has.
                pool.Jobs(a, 8_000, 50).Jobs(b, 8_000, 50).Limit(a, 1_000, 60_000);
                break;
            case SchedulerFlaw.ChargedByCount:
                pool.Jobs(a, 400, 500).Jobs(b, 20_000, 10);
                break;
            case SchedulerFlaw.NoTrueUp:
                // A's jobs are short for so long that nothing else is expected of them, and then long.
                pool.Jobs(a, 3_020, i => i < 3_000 ? 10 : 1_000).Jobs(b, 6_000, 10);
                break;
        }

        return pool.Run();
    }

    /// <summary>A correct scheduler under a load drawn from a seed.</summary>
    private static HistoryBuilder Random(int seed)
    {
        var random = new Random(seed);
        var pool = new SimulatedPool(1 + random.Next(6), SchedulerFlaw.None, seed) { HandOverMs = 1 + random.Next(8) };
        for (var i = 2 + random.Next(3); i > 0; i--)
        {
            var tenant = pool.Tenant("t" + i, 1 + random.Next(4), random.Next(2) == 0 ? 1_000 : 1 + random.Next(6));
            var (shortMs, longMs) = (1 + random.Next(40), 1 + random.Next(400));
            var longPart = random.NextDouble();
            for (var bursts = 1 + random.Next(3); bursts > 0; bursts--)
            {
                pool.Jobs(tenant, 1 + random.Next(150), _ => random.NextDouble() < longPart ? longMs : shortMs, 1 + (random.NextDouble() * 5_000));
            }

            if (random.Next(3) == 0)
            {
                pool.Limit(tenant, 1 + random.Next(6), 1 + (random.NextDouble() * 5_000));
            }
        }

        return pool.Run();
    }
}
