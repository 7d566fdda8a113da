using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks.Jobs;

public sealed class JobsConservedCheckTests
{
    private const string Check = "jobs.conserved";

    [Fact]
    public void Evaluate_NothingAccepted_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Refuse("a", "j", 1), "No job was accepted");

    [Fact]
    public void Evaluate_AcceptedRunCompleted_Passes()
    {
        var result = Judged.Passes(Check, Whole());

        Assert.Equal(1, Judged.Figure(result, "ended"));
    }

    [Fact]
    public void Evaluate_Lost_Fails() =>
        Judged.Fails(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Observe("j", 90, result: ReplyKind.NotFound), "accepted and is lost", "a");

    [Fact]
    public void Evaluate_NeverLookedUp_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j", 1, 2, 3), "was not looked up");

    [Fact]
    public void Evaluate_LookUpNotAnswered_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j", 1, 2, 3).Observe("j", 90, result: ReplyKind.Unavailable), "was not answered");

    [Fact]
    public void Evaluate_NotEndedAfterTheFullWait_Fails() =>
        Judged.Fails(Check, Open().Settled(100, 10_100, false, 1).Observe("j", 10_200, JobState.Pending), "has not ended");

    [Fact]
    public void Evaluate_NotEndedAfterAWaitBrokenOff_Inconclusive() =>
        Judged.Doubts(Check, Open().Settled(100, 10_099, false, 1).Observe("j", 10_200, JobState.Pending), "still Pending");

    [Fact]
    public void Evaluate_CompletedWithoutABody_Fails() => Judged.Fails(Check, Open().Observe("j", 90), "no body ever ran it", "a");

    [Fact]
    public void Evaluate_CompletedThoughItsBodyFailed_Fails() =>
        Judged.Fails(Check, Open().Start("j", 5).Stop("j", 9, BodyOutcome.Failed).Observe("j", 90), "no body completed it");

    [Fact]
    public void Evaluate_FailedThoughItsBodyCompleted_Fails() => Judged.Fails(Check, Whole(JobState.Failed), "every body completed it");

    [Fact]
    public void Evaluate_FailedAfterFailedBodies_Passes() =>
        Judged.Passes(Check, Open().Start("j", 5).Stop("j", 9, BodyOutcome.Failed).Observe("j", 90, JobState.Failed));

    [Fact]
    public void Evaluate_CancelledThoughNobodyAsked_Fails() => Judged.Fails(Check, Open().Observe("j", 90, JobState.Cancelled), "never asked for that");

    [Theory]
    [InlineData(ReplyKind.Ok)]
    [InlineData(ReplyKind.Unknown)]
    public void Evaluate_CancelledAsAsked_Passes(ReplyKind answer) =>
        Judged.Passes(Check, Open().Cancel("a", "j", 20, answer).Observe("j", 90, JobState.Cancelled));

    [Fact]
    public void Evaluate_CancelledThoughTheCancelWasRefused_Fails() =>
        Judged.Fails(Check, Open().Cancel("a", "j", 20, ReplyKind.Refused).Observe("j", 90, JobState.Cancelled), "never asked for that");

    [Fact]
    public void Evaluate_FinalStateChanges_Fails() =>
        Judged.Fails(Check, Whole().Get("a", "job-j", 50, state: JobState.Completed).Get("a", "job-j", 60, state: JobState.Running), "was Completed, and later Running", "a");

    [Fact]
    public void Evaluate_OverlappingAnswersDiffer_Passes() =>
        Judged.Passes(Check, Whole().Get("a", "job-j", 40, state: JobState.Completed, answerAt: 50).Get("a", "job-j", 45, state: JobState.Running, answerAt: 60));

    [Fact]
    public void Evaluate_BodyNobodySubmitted_Fails() =>
        Judged.Fails(Check, Whole().Start("stray", 10, tenant: "a").Stop("stray", 11), "which nobody submitted", "a");

    [Fact]
    public void Evaluate_BodyForAnotherTenant_Fails() =>
        Judged.Fails(Check, Whole().Tenant("b").Submit("a", "k", 1).Start("k", 3, tenant: "b").Stop("k", 4).Cancel("a", "k", 5).Observe("k", 90, JobState.Cancelled), "its body 2 ran for b");

    [Fact]
    public void Evaluate_BodyUnderAnotherId_Fails() =>
        Judged.Fails(Check, Whole().Start("j", 40, attempt: 2, job: "job-twin").Stop("j", 41), "ran it as job job-twin");

    [Fact]
    public void Evaluate_TwoSubmissionsOneJob_Fails() =>
        Judged.Fails(Check, Whole().Submit("a", "k", 50, job: "job-j"), "both accepted as job job-j");

    [Fact]
    public void Evaluate_AcceptedWithoutAnId_Fails() => Judged.Fails(Check, Whole().Submit("a", "k", 50, job: ""), "accepted without an id");

    [Fact]
    public void Evaluate_SameIdInTwoTenants_Passes() =>
        Judged.Passes(
            Check, Whole().Tenant("b").Submit("b", "k", 1, job: "job-j").Start("k", 3, job: "job-j").Stop("k", 4).Observe("k", 90, job: "job-j"));

    [Fact]
    public void Evaluate_ReplayWithTheSameJob_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1, key: "k").Submit("a", "j", 5, key: "k").Start("j", 10).Stop("j", 30).Observe("j", 90));

    [Fact]
    public void Evaluate_UnknownOutcomeFoundAsAccepted_Passes()
    {
        var result = Judged.Passes(Check, Whole().Submit("a", "k", 1, ReplyKind.Unknown).Start("k", 3).Stop("k", 4));

        Assert.Equal(1, Judged.Figure(result, "unknown outcomes that ran"));
    }

    [Fact]
    public void Evaluate_UnknownOutcomeFoundAsNotAccepted_Passes()
    {
        var result = Judged.Passes(Check, Whole().Submit("a", "k", 1, ReplyKind.Unknown).Submit("a", "l", 1, answerAt: double.NaN));

        Assert.Equal(0, Judged.Figure(result, "unknown outcomes that ran"));
        Assert.Equal(2, Judged.Figure(result, "unknown outcomes"));
    }

    [Fact]
    public void Evaluate_UnknownOutcomeFoundAsTwo_Fails() =>
        Judged.Fails(
            Check, Whole().Submit("a", "k", 1, ReplyKind.Unknown).Start("k", 3, job: "job-1").Stop("k", 4).Start("k", 5, job: "job-2").Stop("k", 6), "is job job-1, but body 3 ran it as job job-2");

    [Fact]
    public void Evaluate_ListHoldsAJobNobodySubmitted_Fails() =>
        Judged.Fails(Check, Whole().Get("a", null, 80, kind: OperationKind.List, jobs: ["job-j", "job-stray"]), "holds job job-stray", "a");

    [Fact]
    public void Evaluate_ListHoldsWhatAnUnknownSubmissionBecame_Passes() =>
        Judged.Passes(Check, Whole().Submit("a", "k", 1, ReplyKind.Unknown).Get("a", null, 80, kind: OperationKind.List, jobs: ["job-j", "job-stray"]));

    private static HistoryBuilder Open() => new HistoryBuilder().Tenant("a").Submit("a", "j", 1);

    private static HistoryBuilder Whole(JobState state = JobState.Completed) =>
        Open().Start("j", 10).Stop("j", 30).Observe("j", 90, state);
}
