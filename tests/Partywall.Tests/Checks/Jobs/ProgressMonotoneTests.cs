using CsCheck;
using Partywall.Checks;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks.Jobs;

public sealed class ProgressMonotoneTests
{
    private const string Check = "progress.monotone";

    [Fact]
    public void Evaluate_RisingAndLate_Passes()
    {
        var result = Judged.Passes(Check, Asked((11, 0), (21, 10), (31, 10), (61, 50)));

        Assert.Equal(4, Judged.Figure(result, "answers with progress"));
    }

    [Fact]
    public void Evaluate_Falls_IsFound() => Judged.Fails(Check, Asked((31, 20), (41, 30), (51, 20)), "fell from 30 to 20", "a");

    [Fact]
    public void Evaluate_FallsBetweenAnswersThatOverlap_IsNoFall() =>
        Judged.Passes(Check, Asked((41, 30)).Add(Ask(901, 40.5)).Add(Answer(901, 42, 20)));

    [Fact]
    public void Evaluate_NewAttempt_BeginsAnew() =>
        Judged.Passes(
            Check,
            Asked((41, 30)).Stop("j1", 70, BodyOutcome.Failed).Start("j1", 80, attempt: 2).Progress("j1", 81, 10).Add(Ask(901, 85)).Add(Answer(901, 86, 10, attempts: 2)));

    [Fact]
    public void Evaluate_AboveAllThatWasReported_IsFound() => Judged.Fails(Check, Asked((31, 40)), "reported at most 20 %", "a");

    [Fact]
    public void Evaluate_ReportedLaterOnly_IsFound() => Judged.Fails(Check, Asked((15, 20)), "shown as 20 %");

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public void Evaluate_OutsideOfHundred_IsFound(int progress) => Judged.Fails(Check, Asked((31, progress)), $"shown as {progress} %");

    [Fact]
    public void Evaluate_CompletedShownAsAllDone_Passes() =>
        Judged.Passes(Check, Asked((31, 20)).Stop("j1", 70).Add(Ask(901, 80)).Add(Answer(901, 81, 100) with { State = JobState.Completed }));

    [Fact]
    public void Evaluate_ShownToAStranger_IsFound() =>
        Judged.Fails(
            Check,
            Asked((31, 20)).Tenant("b").Add(Ask(901, 40) with { Tenant = "b", Purpose = OperationPurpose.Stranger, Owner = "a", Probe = 1 }).Add(Answer(901, 41, 20)),
            "b was shown the progress",
            "a");

    [Fact]
    public void Evaluate_NobodyAsked_IsInconclusive() => Judged.Doubts(Check, Asked(), "Nobody was ever shown");

    [Fact]
    public void Evaluate_NothingReported_IsInconclusive() =>
        Judged.Doubts(
            Check, new HistoryBuilder().Tenant("a").Submit("a", "j1", 1).Start("j1", 5).Add(Ask(901, 10)).Add(Answer(901, 11, 0)).Stop("j1", 20), "had reported some");

    [Fact]
    public void Evaluate_AnyLagAndAnyOverlap_NothingIsFound() =>
        Gen.Int.Sample(static seed => Judged.By(Check, Lagging(new Random(seed), falls: false).Build()).Verdict != Verdict.Fail, iter: 300);

    [Fact]
    public void Evaluate_OneAnswerFromBefore_IsFoundAlways() =>
        Gen.Int.Sample(static seed => Judged.By(Check, Lagging(new Random(seed), falls: true).Build()).Verdict == Verdict.Fail, iter: 300);

    private static OperationInvoked Ask(long operation, double at) =>
        new(HistoryBuilder.Ns(at), operation, OperationKind.Get, OperationPurpose.Work, "a", "job-j1", "a");

    private static OperationEnded Answer(long operation, double at, int progress, int attempts = 1) =>
        new(HistoryBuilder.Ns(at), operation, ReplyKind.Ok, "job-j1", JobState.Running, attempts, Progress: progress);

    /// <summary>A body that reports 0, 10, 20 ... 50 % at 10, 19.5, 29.5 ... ms; and answers at the given moments, asked half a millisecond before.</summary>
    private static HistoryBuilder Asked(params (double At, int Progress)[] answers)
    {
        var history = new HistoryBuilder().Tenant("a").Submit("a", "j1", 1).Start("j1", 5);
        for (var i = 0; i <= 5; i++)
        {
            history.Progress("j1", 10 + (i * 10) - (i > 0 ? 0.5 : 0), i * 10);
        }

        for (var i = 0; i < answers.Length; i++)
        {
            history.Add(Ask(800 + i, answers[i].At - 0.5)).Add(Answer(800 + i, answers[i].At, answers[i].Progress));
        }

        return history;
    }

    /// <summary>A system that shows what was reported some time before the moment it looks, and never goes back.</summary>
    private static HistoryBuilder Lagging(Random random, bool falls)
    {
        var history = new HistoryBuilder().Tenant("a").Submit("a", "j1", 1).Start("j1", 5);
        var reports = new List<(double At, int Percent)>();
        var (at, percent) = (5.0, 0);
        while (percent < 100)
        {
            at += random.NextDouble() * 10;
            percent = Math.Min(100, percent + 1 + random.Next(20));
            history.Progress("j1", at, percent);
            reports.Add((at, percent));
        }

        var visible = 0.0;
        var (looked, shownMost) = (5.0, 0);
        for (var i = 0; i < 40; i++)
        {
            looked += random.NextDouble() * 6;
            visible = Math.Max(visible, looked - (random.NextDouble() * 10));
            var shown = reports.LastOrDefault(r => r.At <= visible).Percent;
            shownMost = Math.Max(shown, shownMost);
            history.Add(Ask(800 + i, looked - (random.NextDouble() * 5))).Add(Answer(800 + i, looked + (random.NextDouble() * 5), shown));
        }

        if (falls)
        {
            history.Add(Ask(990, looked + 2_000)).Add(Answer(990, looked + 2_001, percent)).Add(Ask(991, looked + 2_002)).Add(Answer(991, looked + 2_003, shownMost == 0 ? 0 : random.Next(shownMost)));
        }

        return history.Stop("j1", looked + 3_000);
    }
}
