using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks.Slots;

public sealed class SlotsAdmissionCheckTests
{
    private const string Check = "slots.admission";

    [Fact]
    public void Evaluate_NothingSubmitted_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a"), "Nothing was submitted");

    [Fact]
    public void Evaluate_FullAndThenRefused_Passes()
    {
        var result = Judged.Passes(Check, Full().Refuse("a", "j3", 30));

        Assert.Equal(2, Judged.Figure(result, "most jobs open", "a"));
        Assert.Equal(1, Judged.Figure(result, "refused for quota"));
    }

    [Fact]
    public void Evaluate_BacklogCounts_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a", 1, backlog: 1).Submit("a", "j1", 1).Submit("a", "j2", 2).Refuse("a", "j3", 5));

    [Fact]
    public void Evaluate_OneTooManyAdmitted_Fails() =>
        Judged.Fails(Check, Full().Submit("a", "j3", 30), "a had 3 jobs open when submission j3 was admitted; its limit and backlog together were 2", "a");

    [Fact]
    public void Evaluate_RaceForTheLastSlotWonByTwo_Fails() =>
        Judged.Fails(
            Check,
            new HistoryBuilder().Tenant("a", 2).Submit("a", "j1", 1).Submit("a", "j2", 10, answerAt: 20).Submit("a", "j3", 11, answerAt: 19),
            "3 jobs open");

    [Fact]
    public void Evaluate_AdmittedAsABodyStops_Passes() =>
        Judged.Passes(Check, Full().Start("j1", 3).Stop("j1", 30).Submit("a", "j3", 25, answerAt: 31));

    [Fact]
    public void Evaluate_AdmittedAfterACancelWasAskedFor_Passes() =>
        Judged.Passes(Check, Full().Cancel("a", "j1", 20).Submit("a", "j3", 25));

    [Fact]
    public void Evaluate_RefusedWithRoom_Fails() =>
        Judged.Fails(Check, new HistoryBuilder().Tenant("a", 2).Submit("a", "j1", 1).Refuse("a", "j2", 30), "with at most 1 jobs open; its limit and backlog together were 2", "a");

    [Fact]
    public void Evaluate_RefusedBeforeTheSystemSaidThatAJobEnded_Passes() =>
        Judged.Passes(Check, Full().Start("j1", 3).Stop("j1", 20).Refuse("a", "j3", 25).Get("a", "job-j1", 40, state: JobState.Completed));

    [Fact]
    public void Evaluate_RefusedAfterTheSystemSaidThatAJobEnded_Fails() =>
        Judged.Fails(Check, Full().Start("j1", 3).Stop("j1", 20).Get("a", "job-j1", 30, state: JobState.Completed).Refuse("a", "j3", 40), "at most 1 jobs open");

    [Fact]
    public void Evaluate_RefusedWhileARivalIsUnderWay_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a", 1).Refuse("a", "j1", 10, answerAt: 20).Submit("a", "j2", 15, answerAt: 30));

    [Fact]
    public void Evaluate_UnknownOutcomeMayHaveTakenTheRoom_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a", 1).Submit("a", "j1", 10, ReplyKind.Unknown).Refuse("a", "j2", 30));

    [Fact]
    public void Evaluate_LimitLowered_DecidesByTheNewOneOnceConfirmed()
    {
        Judged.Passes(Check, Lowered().Refuse("a", "j3", 30));
        Judged.Fails(Check, Lowered().Cancel("a", "j1", 25).Submit("a", "j3", 30), "together were 1");
    }

    [Fact]
    public void Evaluate_RefusedByAnOldLimitAfterARaise_Fails() =>
        Judged.Fails(
            Check, Full().Limits("a", 3, 20, LimitChangeMark.Asked).Limits("a", 3, 21, LimitChangeMark.Confirmed).Refuse("a", "j3", 30), "together were 3");

    [Fact]
    public void Evaluate_RefusalForAnotherReason_IsNotJudged() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a", 2).Submit("a", "j1", 1).Refuse("a", "j2", 30, code: RefusalCode.RateLimited));

    [Fact]
    public void Evaluate_ReplayOfAnOpenJob_DoesNotCountTwice() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a", 1).Submit("a", "j1", 1, key: "k").Submit("a", "j1", 10, key: "k"));

    private static HistoryBuilder Full() => new HistoryBuilder().Tenant("a", 2).Submit("a", "j1", 1).Submit("a", "j2", 2);

    private static HistoryBuilder Lowered() => Full().Limits("a", 1, 20, LimitChangeMark.Asked).Limits("a", 1, 21, LimitChangeMark.Confirmed);
}
