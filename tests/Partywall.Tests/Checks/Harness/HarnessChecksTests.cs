using Partywall.Checks;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks.Harness;

public sealed class HarnessChecksTests
{
    [Fact]
    public void Complete_FinishedRun_Passes() => Judged.Passes("harness.complete", Small());

    [Fact]
    public void Complete_NoEndRecord_Inconclusive() => Judged.Doubts("harness.complete", Small().Cut(), "was cut off");

    [Theory]
    [InlineData(RunOutcome.Interrupted, "Ctrl+C")]
    [InlineData(RunOutcome.Broken, "the target died")]
    public void Complete_RunThatDidNotFinish_InconclusiveWithItsReason(RunOutcome outcome, string reason) =>
        Judged.Doubts("harness.complete", Small().Build(outcome, reason), reason);

    [Fact]
    public void NotStalled_NoStalls_Passes() => Judged.Passes("harness.not-stalled", Small());

    [Fact]
    public void NotStalled_NobodyJoined_Inconclusive() => Judged.Doubts("harness.not-stalled", new HistoryBuilder().Tenant("a"), "No process ever joined");

    [Fact]
    public void NotStalled_StallWithinWhatTheRunBears_Passes() => Judged.Passes("harness.not-stalled", Small().Stalled(1_000, 2_000));

    [Theory]
    [InlineData("worker-1")]
    [InlineData("harness")]
    public void NotStalled_LongerStall_Inconclusive(string process) =>
        Judged.Doubts("harness.not-stalled", Small().Stalled(1_000, 2_001, process), $"{process} gave no sign of life for 1001 ms");

    [Fact]
    public void NotStalled_StallByAFault_Passes() =>
        Judged.Passes(
            "harness.not-stalled",
            Small().Fault(FaultKind.ProcessPause, 1_000, FaultMark.Begins).Fault(FaultKind.ProcessPause, 5_000, FaultMark.Healed).Stalled(999, 5_010));

    [Fact]
    public void KeptSchedule_NothingScheduled_Inconclusive() => Judged.Doubts("harness.kept-schedule", Small(), "Nothing was sent on a schedule");

    [Fact]
    public void KeptSchedule_LateByExactlyWhatIsAllowed_Passes() =>
        Judged.Passes("harness.kept-schedule", Small().Submit("a", "s", 600, intended: 500));

    [Fact]
    public void KeptSchedule_LateByMore_Inconclusive() =>
        Judged.Doubts("harness.kept-schedule", Small().Submit("a", "s", 600.2, intended: 500), "100.2 ms (at most 100 ms)");

    [Fact]
    public void KeptSchedule_OneOfAHundredLate_Passes()
    {
        var history = Small();
        for (var i = 0; i < 100; i++)
        {
            history.Submit("a", $"s{i}", 500 + (i == 0 ? 400 : 0), intended: 500);
        }

        Judged.Passes("harness.kept-schedule", history);
    }

    [Fact]
    public void SawEnough_NoDemands_Passes() => Judged.Passes("harness.saw-enough", Small());

    [Fact]
    public void SawEnough_NothingEverSucceeded_Inconclusive() =>
        Judged.Doubts("harness.saw-enough", new HistoryBuilder().Tenant("a").Refuse("a", "j", 1), "No operation ever succeeded");

    [Fact]
    public void SawEnough_AllDemandsMet_Passes() => Judged.Passes("harness.saw-enough", Demanding(Demands));

    [Fact]
    public void SawEnough_OneMoreThanSeen_InconclusiveForEach()
    {
        Judged.Doubts("harness.saw-enough", Demanding(Demands with { AtLimit = ["a", "b"] }), "b (1 of 5)");
        Judged.Doubts("harness.saw-enough", Demanding(Demands with { AtLimit = ["ghost"] }), "ghost (never brought in)");
        Judged.Doubts("harness.saw-enough", Demanding(Demands with { TenantsOverlapping = 3 }), "tenants running at once: 2, but at least 3");
        Judged.Doubts("harness.saw-enough", Demanding(Demands with { RefusedAtLeast = 2 }), "refused for quota: 1, but at least 2");
        Judged.Doubts("harness.saw-enough", Demanding(Demands with { CompletedAtLeast = 3 }), "completed: 2, but at least 3");
        Judged.Doubts("harness.saw-enough", Demanding(Demands with { ProbesAtLeast = 2 }), "probes with a control: 1, but at least 2");
        Judged.Doubts("harness.saw-enough", Demanding(Demands with { KeysAtLeast = 8 }), "keys seen: 7, but at least 8");
    }

    [Fact]
    public void SawEnough_SubmittersWhoseCallsOverlap_Passes()
    {
        var result = Judged.Passes("harness.saw-enough", Racing((1, "s1", 10, 20), (2, "s2", 15, 25), (3, "s1", 40, 50), (4, "s2", 41, 42)));

        Assert.Equal(2, result.Figures.Single(static f => f.Name == "submitter processes").Value);
        Assert.Equal(4, result.Figures.Single(static f => f.Name == "calls beside another process's").Value);
    }

    [Fact]
    public void SawEnough_SubmittersOneAfterTheOther_Inconclusive() => Judged.Doubts(
        "harness.saw-enough",
        Racing((1, "s1", 10, 20), (2, "s2", 20, 30), (3, "s1", 30, 40)),
        "a: 1 of 2 submitter processes had calls under way at one moment, and 0 of 3 calls were beside one of another process");

    [Fact]
    public void SawEnough_FewOfTheSubmittersCallsOverlap_Inconclusive() => Judged.Doubts(
        "harness.saw-enough",
        Racing((1, "s1", 10, 20), (2, "s2", 15, 25), (3, "s1", 30, 40), (4, "s1", 40, 50), (5, "s2", 60, 70)),
        "2 of 2 submitter processes had calls under way at one moment, and 2 of 5 calls");

    [Fact]
    public void SawEnough_OneSubmitterSilentOrItsCallsUnanswered_Inconclusive()
    {
        Judged.Doubts("harness.saw-enough", Racing((1, "s1", 10, 20), (2, "s1", 15, 25)), "1 of 2 submitter processes");
        Judged.Doubts("harness.saw-enough", Racing(), "0 of 2 submitter processes");
        Judged.Doubts(
            "harness.saw-enough",
            Racing((1, "s1", 10, 20)).Add(new OperationInvoked(
                HistoryBuilder.Ns(15), 1002, OperationKind.Submit, OperationPurpose.Work, "a", Label: "r2", Process: "s2")),
            "1 of 2 submitter processes");
    }

    private static HistoryBuilder Racing(params (int Number, string Process, double SentAt, double AnsweredAt)[] calls)
    {
        var history = Small().Add(new SubmittersStarted(HistoryBuilder.Ns(4), ["s1", "s2"], ["a"]));
        foreach (var (number, process, sentAt, answeredAt) in calls)
        {
            history
                .Add(new OperationInvoked(
                    HistoryBuilder.Ns(sentAt), 1000 + number, OperationKind.Submit, OperationPurpose.Work, "a", Label: "r" + number, Process: process))
                .Add(new OperationEnded(HistoryBuilder.Ns(answeredAt), 1000 + number, ReplyKind.Refused, Code: RefusalCode.QuotaExceeded));
        }

        return history;
    }

    private static RunDemands Demands => new(["a"], 2, 1, 2, 1, 7, 100, 10_000, 1_000);

    private static HistoryBuilder Small() => new HistoryBuilder().Tenant("a").Joined().Life("a", "j", 1, 2, 3);

    private static HistoryBuilder Demanding(RunDemands demands) =>
        new HistoryBuilder { Demands = demands }
            .Tenant("a", 1).Tenant("b")
            .Life("a", "j", 1, 10, 50).Life("b", "k", 1, 20, 60)
            .Life("b", "unseen", 1, 70, 80)
            .Refuse("a", "l", 30)
            .Probe("b", "a", "j", 30)
            .Add(new KeysInspected(HistoryBuilder.Ns(90), HistoryBuilder.Ns(89), 7, 7, new Dictionary<string, int>(StringComparer.Ordinal), [], 0))
            .Observe("j", 95).Observe("k", 95).Observe("unseen", 95, state: JobState.Failed);
}
