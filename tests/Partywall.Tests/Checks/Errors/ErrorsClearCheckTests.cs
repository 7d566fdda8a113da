using Partywall.Checks;
using Partywall.Checks.Errors;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks.Errors;

public sealed class ErrorsClearCheckTests
{
    private const string Check = "errors.clear";

    [Fact]
    public void Evaluate_NothingAnswered_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a"), "No call was answered");

    [Fact]
    public void Evaluate_TypedAnswersInTime_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1, answerAt: 1 + ErrorsClearCheck.AnswerMsMax).Refuse("a", "k", 2));

    [Fact]
    public void Evaluate_NeverAnswered_Fails() =>
        Judged.Fails(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Submit("a", "k", 2, answerAt: double.NaN), "was never answered", "a");

    [Fact]
    public void Evaluate_TooLate_Fails() =>
        Judged.Fails(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1, answerAt: 2 + ErrorsClearCheck.AnswerMsMax), $"took {ErrorsClearCheck.AnswerMsMax + 1} ms");

    [Fact]
    public void Evaluate_TooLateInAStall_Passes() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1, answerAt: 30_000).Stalled(10, 29_000, "harness"));

    [Fact]
    public void Evaluate_RefusedWithoutACode_Fails() =>
        Judged.Fails(Check, new HistoryBuilder().Tenant("a").Refuse("a", "j", 1, code: ""), "without a code");

    [Theory]
    [InlineData(ReplyKind.Unknown)]
    [InlineData(ReplyKind.Unavailable)]
    public void Evaluate_OpenWithoutAFault_Fails(ReplyKind answer) =>
        Judged.Fails(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1, answer), "and there was no fault");

    [Fact]
    public void Evaluate_OpenDuringAFault_Passes() =>
        Judged.Passes(
            Check,
            new HistoryBuilder().Tenant("a").Fault(FaultKind.ProcessKill, 1, FaultMark.Begins).Submit("a", "j", 5, ReplyKind.Unavailable).Fault(FaultKind.ProcessKill, 9, FaultMark.Healed));

    [Fact]
    public void Evaluate_OpenLongAfterTheFault_Fails() =>
        Judged.Fails(
            Check,
            new HistoryBuilder().Tenant("a").Fault(FaultKind.ProcessKill, 1, FaultMark.Begins).Fault(FaultKind.ProcessKill, 9, FaultMark.Healed)
                .Submit("a", "j", 10 + ErrorsClearCheck.RecoveryMs, ReplyKind.Unavailable),
            "and there was no fault");

    [Fact]
    public void Evaluate_InterruptedRunGaveCallsUp_IsNoFinding() =>
        Judged.Doubts(
            Check,
            new HistoryBuilder().Tenant("a").Submit("a", "j", 1, ReplyKind.Unknown).Submit("a", "k", 2, answerAt: double.NaN).Build(RunOutcome.Interrupted, "Ctrl+C"),
            "not complete");
}
