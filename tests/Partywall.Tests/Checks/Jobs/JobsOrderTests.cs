using System.Globalization;
using CsCheck;
using Partywall.Checks;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks.Jobs;

public sealed class JobsOrderTests
{
    private const string Check = "jobs.order";

    [Fact]
    public void Evaluate_FirstInFirstOut_Passes()
    {
        var result = Judged.Passes(Check, InOrder(1, ["j0", "j1", "j2", "j3"]));

        Assert.Equal(3, Judged.Figure(result, "starts with a choice"));
    }

    [Fact]
    public void Evaluate_TwoSwappedAtLimitOne_IsFound()
    {
        var finding = Judged.Fails(Check, InOrder(1, ["j0", "j2", "j1", "j3"]), "job-j2 of a started while 1 job(s)", "a");

        Assert.Equal("job-j2", finding.Job);
    }

    [Fact]
    public void Evaluate_TwoSwappedInAPoolOfOneSlot_IsFound()
    {
        var history = InOrder(5, ["j0", "j2", "j1", "j3"]);
        history.SlotsPerWorker = 1;

        Judged.Fails(Check, history, "in 1 slot(s)");
    }

    [Fact]
    public void Evaluate_OvertakenByOneInFlight_IsInOrder() =>
        // Both are claimed; the second body is the quicker to start.
        Judged.Passes(Check, Submitted(2, 3).Start("j1", 20).Start("j0", 21).Stop("j1", 30).Stop("j0", 30).Start("j2", 40).Stop("j2", 50));

    [Fact]
    public void Evaluate_OvertakenByMoreThanCanBeInFlight_IsFound() =>
        Judged.Fails(Check, Submitted(2, 3).Start("j2", 20).Start("j0", 21).Stop("j2", 30).Stop("j0", 30).Start("j1", 40).Stop("j1", 50), "started while 2 job(s)");

    [Fact]
    public void Evaluate_OthersRunning_TakeTheirPartOfTheSlots() =>
        // With two running, only one of three slots can hold a job in flight: j3 itself.
        Judged.Fails(
            Check,
            Submitted(3, 4).Start("j0", 20).Start("j1", 21).Start("j3", 30).Stop("j3", 31).Start("j2", 32).Stop("j2", 33).Stop("j0", 40).Stop("j1", 40),
            "started while 1 job(s)");

    [Fact]
    public void Evaluate_LastInFirstOut_IsFoundAtAnyLimit()
    {
        var result = Judged.By(Check, InOrder(5, [.. Enumerable.Range(0, 40).Select(Label).Reverse()]).Build());

        Assert.Equal(Verdict.Fail, result.Verdict);
        Assert.True(result.FindingCount > 30, $"{result.FindingCount}");
    }

    [Fact]
    public void Evaluate_OverlappingSubmissions_AreNotOrdered() =>
        Judged.Doubts(
            Check,
            new HistoryBuilder().Tenant("a", 1, 10).Submit("a", "j0", 1, answerAt: 5).Submit("a", "j1", 2, answerAt: 4)
                .Start("j1", 20).Stop("j1", 30).Start("j0", 31).Stop("j0", 40),
            "No job ever started");

    [Fact]
    public void Evaluate_OtherPriority_IsAnotherQueue() =>
        Judged.Doubts(Check, Pair(static o => o with { Priority = 5 }), "No job ever started");

    [Fact]
    public void Evaluate_OtherPool_IsAnotherQueue() => Judged.Doubts(Check, Pair(static o => o with { Pool = "gpu" }), "No job ever started");

    [Fact]
    public void Evaluate_Delayed_IsNotOrdered() => Judged.Doubts(Check, Pair(static o => o with { DelayMs = 5 }), "No job ever started");

    [Fact]
    public void Evaluate_SameQueueAfterAll_IsFound() => Judged.Fails(Check, Pair(static o => o), "started while 1 job(s)");

    [Fact]
    public void Evaluate_CancelledBeforeIt_WasNotOvertaken() =>
        Judged.Passes(
            Check, Submitted(1, 4).Cancel("a", "j0", 15).Start("j1", 20).Stop("j1", 30).Start("j2", 31).Stop("j2", 40).Start("j3", 41).Stop("j3", 42));

    [Fact]
    public void Evaluate_AfterAFault_IsNotJudged()
    {
        var history = InOrder(1, ["j0", "j2", "j1", "j3"]).Fault("process.kill", 5, FaultMark.Begins).Fault("process.kill", 6, FaultMark.Healed);

        Judged.Doubts(Check, history, "No job ever started");
    }

    [Fact]
    public void Evaluate_SecondAttempt_IsNoOvertaking() =>
        Judged.Passes(
            Check,
            Submitted(1, 3).Start("j0", 20).Stop("j0", 21, BodyOutcome.Failed).Start("j1", 22).Stop("j1", 23).Start("j0", 24, attempt: 2).Stop("j0", 25)
                .Start("j2", 26).Stop("j2", 27));

    [Fact]
    public void Evaluate_LimitJustLowered_TheOldOneMayHaveBeenInForce() =>
        Judged.Passes(
            Check,
            Submitted(2, 3).Limits("a", 1, 18, LimitChangeMark.Asked).Limits("a", 1, 19, LimitChangeMark.Confirmed)
                .Start("j1", 20).Start("j0", 21).Stop("j1", 30).Stop("j0", 30).Start("j2", 40).Stop("j2", 50));

    [Fact]
    public void Evaluate_FifoWithAnyLimitAndAnyDelayOfStarts_NothingIsFound() =>
        Gen.Int.Sample(static seed => Judged.By(Check, Fifo(seed, forgets: false).Build()).Verdict != Verdict.Fail, iter: 300);

    [Fact]
    public void Evaluate_FifoWithAsManyForgottenAsThereAreSlots_IsFoundAlways() =>
        Gen.Int.Sample(static seed => Judged.By(Check, Fifo(seed, forgets: true).Build()).Verdict == Verdict.Fail, iter: 300);

    private static string Label(int i) => "j" + i.ToString(CultureInfo.InvariantCulture);

    private static HistoryBuilder Submitted(int limit, int jobs)
    {
        var history = new HistoryBuilder().Tenant("a", limit, 1_000);
        for (var i = 0; i < jobs; i++)
        {
            history.Submit("a", Label(i), 1 + (i * 0.1), answerAt: 1.05 + (i * 0.1));
        }

        return history;
    }

    /// <summary>All submitted one after the other, then run one after the other.</summary>
    private static HistoryBuilder InOrder(int limit, string[] order)
    {
        var history = Submitted(limit, order.Length);
        for (var i = 0; i < order.Length; i++)
        {
            history.Start(order[i], 20 + (i * 10)).Stop(order[i], 29 + (i * 10));
        }

        return history;
    }

    /// <summary>Two jobs in the wrong order, the first submission made different.</summary>
    private static HistoryBuilder Pair(Func<OperationInvoked, OperationInvoked> change)
    {
        var asked = new OperationInvoked(HistoryBuilder.Ns(1), 900, OperationKind.Submit, OperationPurpose.Work, "a", Label: "j0");
        return new HistoryBuilder().Tenant("a", 1, 10).Add(change(asked)).Add(new OperationEnded(HistoryBuilder.Ns(1.5), 900, ReplyKind.Ok, Job: "job-j0"))
            .Submit("a", "j1", 2).Submit("a", "j2", 4, ReplyKind.Unknown)
            .Start("j1", 20).Stop("j1", 30).Start("j0", 31, tenant: "a").Stop("j0", 40);
    }

    /// <summary>A queue that hands out in order; a handed out job's body starts at any time later.</summary>
    private static HistoryBuilder Fifo(int seed, bool forgets)
    {
        var random = new Random(seed);
        var limit = 1 + random.Next(6);
        var count = 20 + random.Next(40);
        var history = new HistoryBuilder().Tenant("a", limit, 1_000);
        var arrivals = new List<(string Label, double At)>();
        var at = 1.0;
        for (var i = 0; i < count; i++)
        {
            at += random.NextDouble() * 4;
            var answered = at + (random.NextDouble() * 6);
            history.Submit("a", Label(i), at, answerAt: answered);
            arrivals.Add((Label(i), at + ((answered - at) * random.NextDouble())));
        }

        // The queue's order is that of the moments at which submissions took effect.
        var queue = arrivals.OrderBy(static a => a.At).ToList();
        if (forgets)
        {
            // The first are forgotten until the last has been taken. One more than can be in flight beside the last.
            queue.AddRange(queue[..limit].ConvertAll(forgotten => (forgotten.Label, at + 1_000)));
            queue.RemoveRange(0, limit);
        }

        var slots = new PriorityQueue<double, double>();
        for (var i = 0; i < limit; i++)
        {
            slots.Enqueue(0, 0);
        }

        foreach (var (label, readyAt) in queue)
        {
            var claimed = Math.Max(slots.Dequeue(), readyAt);
            var start = claimed + (random.NextDouble() * 20);
            var stop = start + 0.1 + (random.NextDouble() * 20);
            history.Start(label, start).Stop(label, stop);
            slots.Enqueue(stop + (random.NextDouble() * 5), stop);
        }

        return history;
    }
}
