using Partywall.Checks;
using Partywall.Checks.Slots;
using Partywall.History;

namespace Partywall.Tests.Checks.Slots;

public sealed class SlotsBoundCheckTests
{
    private const string Check = "slots.bound";

    [Fact]
    public void Evaluate_NothingRan_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a"), "No body started");

    [Fact]
    public void Evaluate_OneBody_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a").Life("a", "j1", 10, 20, 30));

    [Fact]
    public void Evaluate_ExactlyAtLimit_Passes()
    {
        var result = Judged.Passes(Check, Running("a", 2, 2));

        Assert.Equal(2, Judged.Figure(result, "peak concurrency", "a"));
    }

    [Fact]
    public void Evaluate_OneAboveLimit_Fails()
    {
        var finding = Judged.Fails(Check, Running("a", 2, 3), "Body 3 of a started while 2 others ran; its limit was 2", "a");

        Assert.Equal(3, finding.Lines.Count);
        Assert.Equal("job-j3", finding.Job);
    }

    [Fact]
    public void Evaluate_OtherTenantsBodies_DoNotCount() =>
        Judged.Passes(Check, Running("a", 2, 2).Tenant("b", 1).Submit("b", "other", 20).Start("other", 35).Stop("other", 90));

    [Fact]
    public void Evaluate_StopInTheInstantOfAStart_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a", 1).Life("a", "j1", 10, 20, 50).Life("a", "j2", 10, 50, 60));

    [Fact]
    public void Evaluate_StopOneNanosecondAfterAStart_Fails() =>
        Judged.Fails(Check, new HistoryBuilder().Tenant("a", 1).Life("a", "j1", 10, 20, 50.000001).Life("a", "j2", 10, 50, 60), "while 1 others ran");

    [Fact]
    public void Evaluate_BodiesOfNoLength_DoNotRunOn() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a", 1).Life("a", "j1", 10, 20, 20).Life("a", "j2", 10, 20, 20).Life("a", "j3", 10, 25, 30));

    [Fact]
    public void Evaluate_LimitLoweredUnderRunningBodies_Passes() =>
        Judged.Passes(Check, Running("a", 3, 3).Limits("a", 1, 40, LimitChangeMark.Asked).Limits("a", 1, 41, LimitChangeMark.Confirmed));

    [Fact]
    public void Evaluate_StartByTheOldLimitWithinTheGrace_Passes() =>
        Judged.Passes(Check, Lowered(startAfterMs: SlotsBoundCheck.LimitGraceMs - 1));

    [Fact]
    public void Evaluate_StartByTheOldLimitAfterTheGrace_Fails() =>
        Judged.Fails(Check, Lowered(startAfterMs: SlotsBoundCheck.LimitGraceMs), "its limit was 1");

    [Fact]
    public void Evaluate_StartByTheOldLimitAfterAStallOfItsProcess_Passes() =>
        Judged.Passes(Check, Lowered(startAfterMs: SlotsBoundCheck.LimitGraceMs + 300).Stalled(1_100, 1_750));

    [Fact]
    public void Evaluate_ChangeOfUnknownOutcome_EitherLimitIsAllowed()
    {
        Judged.Passes(Check, Raised(LimitChangeMark.Uncertain, running: 2));
        Judged.Fails(Check, Raised(LimitChangeMark.Uncertain, running: 3), "its limit was 2");
    }

    [Fact]
    public void Evaluate_RaisedLimit_CountsFromWhenItWasAskedFor()
    {
        Judged.Passes(Check, new HistoryBuilder().Tenant("a", 1).Life("a", "j1", 1, 10, 100).Limits("a", 2, 20, LimitChangeMark.Asked).Life("a", "j2", 1, 20, 100));
        Judged.Fails(Check, new HistoryBuilder().Tenant("a", 1).Life("a", "j1", 1, 10, 100).Life("a", "j2", 1, 19, 100).Limits("a", 2, 20, LimitChangeMark.Asked), "its limit was 1");
    }

    [Fact]
    public void Evaluate_BodyWithoutStop_CountsWhileItsProcessLives() =>
        Judged.Fails(
            Check,
            new HistoryBuilder().Tenant("a", 1).Submit("a", "j1", 1).Start("j1", 10).Life("a", "j2", 1, 5_000, 5_010),
            "while 1 others ran");

    [Fact]
    public void Evaluate_BodyOfAProcessThatWentAway_NoLongerCounts() =>
        Judged.Passes(
            Check, new HistoryBuilder().Tenant("a", 1).Submit("a", "j1", 1).Start("j1", 10).Left(50).Life("a", "j2", 1, 60, 70));

    [Fact]
    public void Evaluate_KilledProcess_CountsUntilTheKillWasSentAndNoLonger()
    {
        Judged.Passes(Check, Killed(startAt: 100));
        Judged.Fails(Check, Killed(startAt: 99), "while 1 others ran");

        static HistoryBuilder Killed(double startAt) => new HistoryBuilder().Tenant("a", 1)
            .Submit("a", "j1", 1).Start("j1", 10)
            .Fault(FaultKind.ProcessKill, 100, FaultMark.Begins).Left(140)
            .Submit("a", "j2", 1).Start("j2", startAt, "worker-2").Stop("j2", 160);
    }

    [Fact]
    public void Evaluate_PausedProcess_DoesNotCountUntilASecondAfterItGoesOn()
    {
        Judged.Passes(Check, Paused(startAt: 2_000));
        Judged.Passes(Check, Paused(startAt: 4_000));
        Judged.Fails(Check, Paused(startAt: 4_001), "while 1 others ran");
        Judged.Fails(Check, Paused(startAt: 999), "while 1 others ran");

        static HistoryBuilder Paused(double startAt) => new HistoryBuilder().Tenant("a", 1)
            .Submit("a", "j1", 1).Start("j1", 10)
            .Fault(FaultKind.ProcessPause, 1_000, FaultMark.Begins).Fault(FaultKind.ProcessPause, 3_000, FaultMark.Healed)
            .Stop("j1", 9_000)
            .Submit("a", "j2", 1).Start("j2", startAt, "worker-2").Stop("j2", startAt + 10);
    }

    [Fact]
    public void Evaluate_StalledProcess_DoesNotCount() =>
        Judged.Passes(
            Check,
            new HistoryBuilder().Tenant("a", 1).Submit("a", "j1", 1).Start("j1", 10).Stalled(1_000, 9_000)
                .Submit("a", "j2", 1).Start("j2", 8_500, "worker-2").Stop("j2", 8_600).Stop("j1", 9_100));

    [Fact]
    public void Evaluate_TenantNobodyBroughtIn_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j1", 1, 2, 3).Submit("ghost", "j2", 1).Start("j2", 4).Stop("j2", 5), "ghost");

    private static HistoryBuilder Running(string tenant, int limit, int bodies)
    {
        var history = new HistoryBuilder().Tenant(tenant, limit);
        for (var i = 1; i <= bodies; i++)
        {
            history.Life(tenant, $"j{i}", 10, 20 + i, 100);
        }

        return history;
    }

    private static HistoryBuilder Lowered(int startAfterMs) =>
        new HistoryBuilder().Tenant("a", 2).Life("a", "j1", 1, 10, 5_000)
            .Limits("a", 1, 999, LimitChangeMark.Asked).Limits("a", 1, 1_000, LimitChangeMark.Confirmed)
            .Life("a", "j2", 1, 1_000 + startAfterMs, 5_000);

    private static HistoryBuilder Raised(LimitChangeMark mark, int running)
    {
        var history = new HistoryBuilder().Tenant("a", 1).Limits("a", 2, 10, LimitChangeMark.Asked).Limits("a", 2, 11, mark);
        for (var i = 1; i <= running; i++)
        {
            history.Life("a", $"j{i}", 1, 2_000 + i, 3_000);
        }

        return history;
    }
}
