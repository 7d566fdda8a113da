using Partywall.Checks.Latency;
using Partywall.History;

namespace Partywall.Tests.Checks.Latency;

public sealed class LatencySubmissionCheckTests
{
    private const string Check = "latency.submission";

    [Fact]
    public void Evaluate_NoSchedule_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1), "No burst");

    [Fact]
    public void Evaluate_TooFewInOneInstant_Inconclusive() => Judged.Doubts(Check, Burst(LatencySubmissionCheck.BurstMin - 1, lastAt: 60), "No burst");

    [Fact]
    public void Evaluate_AnsweredInTime_Passes()
    {
        var result = Judged.Passes(Check, Burst(20, lastAt: 60));

        Assert.Null(result.BelowBar);
        Assert.Equal(50, Judged.Figure(result, "slowest burst"), 3);
    }

    [Fact]
    public void Evaluate_WithinTwoSecondsButBeyondTheBar_PassesBelowTheBar() =>
        Assert.Contains("our bar is 100 ms", Judged.Passes(Check, Burst(20, lastAt: 1_500)).BelowBar, StringComparison.Ordinal);

    [Fact]
    public void Evaluate_LastAnswerTooLate_Fails() =>
        Judged.Fails(Check, Burst(20, lastAt: 10 + LatencySubmissionCheck.AskedMsMax + 1), "The last of 20 submissions meant for one instant was answered after 2001 ms", "a");

    [Fact]
    public void Evaluate_TooLateWhileTheMachineStalled_Inconclusive() =>
        Judged.Doubts(
            Check,
            Burst(20, lastAt: 5_000).Add(new WitnessStalled(HistoryBuilder.Ns(4_000), HistoryBuilder.Ns(500), "harness")),
            "The machine stalled");

    /// <summary>All meant for 10 ms, answered at 11 ms but for the last.</summary>
    private static HistoryBuilder Burst(int count, double lastAt)
    {
        var history = new HistoryBuilder().Tenant("a", 100);
        for (var i = 0; i < count; i++)
        {
            history.Submit("a", $"j{i}", 10.5, answerAt: i == count - 1 ? lastAt : 11, intended: 10);
        }

        return history;
    }
}
