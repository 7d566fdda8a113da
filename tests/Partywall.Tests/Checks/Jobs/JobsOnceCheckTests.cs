using Partywall.Checks;
using Partywall.History;

namespace Partywall.Tests.Checks.Jobs;

public sealed class JobsOnceCheckTests
{
    private const string Check = "jobs.once";

    [Fact]
    public void Evaluate_NothingRan_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1), "No body ran");

    [Fact]
    public void Evaluate_EachRanOnce_Passes() => Judged.Passes(Check, new HistoryBuilder().Tenant("a").Life("a", "j1", 1, 2, 3).Life("a", "j2", 1, 2, 3));

    [Fact]
    public void Evaluate_RanAgainAfterItCompleted_Fails() =>
        Judged.Fails(Check, Once().Start("j", 40, attempt: 2).Stop("j", 50), "after body 1 had completed it", "a");

    [Fact]
    public void Evaluate_RanBesideItself_Fails() =>
        Judged.Fails(Check, Once().Start("j", 29, attempt: 2).Stop("j", 50), "while body 1 was still running it", "a");

    [Fact]
    public void Evaluate_StartsAgainInTheInstantItFailed_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Start("j", 10).Stop("j", 30, BodyOutcome.Failed).Start("j", 30, attempt: 2).Stop("j", 50));

    [Theory]
    [InlineData(BodyOutcome.Failed)]
    [InlineData(BodyOutcome.Cancelled)]
    public void Evaluate_RanAgainAfterItFailedOrWasHandedBack_Passes(BodyOutcome outcome) =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Start("j", 10).Stop("j", 30, outcome).Start("j", 90, attempt: 2).Stop("j", 99));

    [Fact]
    public void Evaluate_RanAgainAfterItsProcessDied_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Start("j", 10).Left(30).Start("j", 90, "worker-2", attempt: 2).Stop("j", 99));

    [Fact]
    public void Evaluate_RanAgainBecauseItsProcessWasPaused_Passes() =>
        Judged.Passes(
            Check,
            new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Start("j", 10)
                .Fault(FaultKind.ProcessPause, 20, FaultMark.Begins).Start("j", 90, "worker-2", attempt: 2)
                .Fault(FaultKind.ProcessPause, 95, FaultMark.Healed).Stop("j", 98, BodyOutcome.Cancelled, body: 0).Stop("j", 99));

    [Fact]
    public void Evaluate_FaultOfAnotherProcess_IsNoExcuse() =>
        Judged.Fails(
            Check,
            Once().Fault(FaultKind.ProcessPause, 15, FaultMark.Begins, "worker-9").Fault(FaultKind.ProcessPause, 16, FaultMark.Healed, "worker-9").Start("j", 40, attempt: 2).Stop("j", 50),
            "had completed it");

    [Fact]
    public void Evaluate_FaultAfterTheSecondStart_IsNoExcuse() =>
        Judged.Fails(Check, Once().Start("j", 40, attempt: 2).Fault(FaultKind.ProcessKill, 41, FaultMark.Begins).Stop("j", 50), "had completed it");

    [Fact]
    public void Evaluate_SameFenceTwice_FailsWhateverHappened() =>
        Judged.Fails(
            Check,
            new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Start("j", 10, fence: "f").Stop("j", 30, BodyOutcome.Failed).Start("j", 90, attempt: 2, fence: "f").Stop("j", 99),
            "the same fence",
            "a");

    [Fact]
    public void Evaluate_SystemWithoutFences_IsNotJudgedByThem() =>
        Judged.Passes(
            Check,
            new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Start("j", 10, fence: "").Stop("j", 30, BodyOutcome.Failed).Start("j", 90, attempt: 2, fence: "").Stop("j", 99));

    [Fact]
    public void Evaluate_SameFenceOfTwoJobs_Passes() =>
        Judged.Passes(
            Check,
            new HistoryBuilder().Tenant("a").Submit("a", "j1", 1).Start("j1", 10, fence: "f").Stop("j1", 30).Submit("a", "j2", 1).Start("j2", 10, fence: "f").Stop("j2", 30));

    private static HistoryBuilder Once() => new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Start("j", 10).Stop("j", 30);
}
