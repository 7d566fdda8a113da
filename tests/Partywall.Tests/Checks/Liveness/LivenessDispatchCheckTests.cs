using Partywall.Checks.Liveness;
using Partywall.History;

namespace Partywall.Tests.Checks.Liveness;

public sealed class LivenessDispatchCheckTests
{
    private const string Check = "liveness.dispatch";
    private const int T = LivenessDispatchCheck.StartMsMax;

    [Fact]
    public void Evaluate_NothingAccepted_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Refuse("a", "j", 1).Settled(5, 10), "No job was accepted");

    [Fact]
    public void Evaluate_StartsInTime_Passes() => Judged.Passes(Check, Rested(new HistoryBuilder().Tenant("a").Life("a", "j", 0, 1 + T, T + 10)));

    [Fact]
    public void Evaluate_StartsTooLate_Fails() =>
        Judged.Fails(Check, Rested(new HistoryBuilder().Tenant("a").Life("a", "j", 0, 2 + T, T + 10)), $"a waited {T + 1} ms for a start", "a");

    [Fact]
    public void Evaluate_DelayedStartsInTimeOnceDue_Passes() => Judged.Passes(Check, Rested(Delayed(20_000).Start("j", 20_001 + T, tenant: "a").Stop("j", 21_000 + T)));

    [Fact]
    public void Evaluate_DelayedStartsTooLateOnceDue_Fails() =>
        Judged.Fails(Check, Rested(Delayed(20_000).Start("j", 20_002 + T, tenant: "a").Stop("j", 21_000 + T), at: 60_000), $"a waited {T + 1} ms for a start", "a");

    [Fact]
    public void Evaluate_OneNeverStartsBesideOthers_Fails() =>
        Judged.Fails(Check, Rested(new HistoryBuilder().Tenant("a").Submit("a", "stuck", 0).Life("a", "j", 1, 2, 3), at: 30_000), "with 1 job(s) waiting, 1 of 5 slots used", "a");

    [Fact]
    public void Evaluate_StartsOfOthersOfTheTenant_BeginTheWaitAnew() =>
        Judged.Passes(
            Check,
            Rested(new HistoryBuilder().Tenant("a").Submit("a", "last", 0).Life("a", "j1", 1, T - 10, T).Start("last", (2 * T) - 20).Stop("last", 2 * T)));

    [Fact]
    public void Evaluate_AtItsLimit_Passes() =>
        Judged.Passes(Check, Rested(new HistoryBuilder().Tenant("a", 1, 1).Life("a", "j1", 0, 2, 20_000).Life("a", "j2", 0, 20_001, 20_002)));

    [Fact]
    public void Evaluate_LimitRaisedAndNobodyTold_Fails() =>
        Judged.Fails(
            Check,
            Rested(new HistoryBuilder().Tenant("a", 1, 1).Life("a", "j1", 0, 2, 20_000).Life("a", "j2", 0, 20_001, 20_002)
                .Limits("a", 2, 1_000, LimitChangeMark.Asked, 1).Limits("a", 2, 1_001, LimitChangeMark.Confirmed, 1)),
            "1 of 2 slots used");

    [Fact]
    public void Evaluate_PoolFull_Passes() =>
        Judged.Passes(Check, Rested(Pool(1).Life("a", "long", 0, 1, 20_000).Life("b", "j", 0, 20_001, 20_002)));

    [Fact]
    public void Evaluate_PoolFreeAndYetNoStart_Fails() =>
        Judged.Fails(Check, Rested(Pool(2).Life("a", "long", 0, 1, 20_000).Life("b", "j", 0, 20_001, 20_002)), "b waited", "b");

    [Fact]
    public void Evaluate_OnlyReservedSlotsFree_NoStartIsOwed()
    {
        var history = Pool(2);
        history.ReservedSlotsPerWorker = 1;

        Judged.Passes(Check, Rested(history.Life("a", "long", 0, 1, 20_000).Life("b", "j", 0, 20_001, 20_002)));
    }

    [Fact]
    public void Evaluate_PoolFreeOnlyNowAndThen_Passes()
    {
        var history = Pool(1).Submit("b", "j", 0);
        for (var i = 0; i < 6; i++)
        {
            history.Life("a", $"j{i}", 0, 1 + (i * (T - 1_000)), (i + 1) * (T - 1_000) - (T / 2));
        }

        Judged.Passes(Check, Rested(history.Start("j", 6 * (T - 1_000)).Stop("j", 6 * T)));
    }

    [Fact]
    public void Evaluate_StarvedBehindAFullPool_Fails() =>
        Judged.Fails(Check, Rested(Pool(1).Submit("b", "j", 0).Life("a", "long", 0, 1, 20_000), at: 20_001), "b was starved", "b");

    [Fact]
    public void Evaluate_CancelAskedFor_NoStartIsOwed() =>
        Judged.Passes(Check, Rested(new HistoryBuilder().Tenant("a").Submit("a", "j", 0).Cancel("a", "j", 100).Life("a", "k", 1, 2, 3), at: 20_000));

    [Fact]
    public void Evaluate_DuringAFaultAndItsRecovery_NoStartIsOwed() =>
        Judged.Passes(
            Check,
            Rested(new HistoryBuilder().Tenant("a").Submit("a", "j", 0).Fault("store.cut", 10, FaultMark.Begins, null).Fault("store.cut", 6_000, FaultMark.Healed, null)
                .Start("j", 20_000).Stop("j", 20_001)));

    [Fact]
    public void Evaluate_WorkOpenAfterTheFullWait_Fails() =>
        Judged.Fails(
            Check,
            new HistoryBuilder().Tenant("a").Submit("a", "j", 0).Start("j", 2).Settled(10, 10_010, false, 1),
            "1 accepted job(s) had not ended 10000 ms after the load");

    [Fact]
    public void Evaluate_WaitForRestBrokenOff_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 0).Start("j", 2).Settled(10, 1_010, false, 1), "broken off");

    [Fact]
    public void Evaluate_NobodyWaitedForRest_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j", 0, 2, 3), "Nobody waited");

    /// <summary>A job accepted at 1 ms, due so much later.</summary>
    private static HistoryBuilder Delayed(int delayMs) =>
        new HistoryBuilder().Tenant("a")
            .Add(new OperationInvoked(0, 900, OperationKind.Submit, OperationPurpose.Work, "a", Label: "j", DelayMs: delayMs))
            .Add(new OperationEnded(HistoryBuilder.Ns(1), 900, Partywall.Targets.ReplyKind.Ok, Job: "job-j"));

    private static HistoryBuilder Pool(int slots) => new HistoryBuilder { SlotsPerWorker = slots }.Tenant("a").Tenant("b");

    private static HistoryBuilder Rested(HistoryBuilder history, double at = 40_000) => history.Settled(at - 10, at);
}
