using Partywall.History;

namespace Partywall.Tests.Checks.Slots;

public sealed class SlotsTruthfulTests
{
    private const string Check = "slots.truthful";

    [Fact]
    public void Evaluate_TrueWord_Passes()
    {
        var result = Judged.Passes(Check, Busy().Add(Said(10_000, running: 2, pending: 1)).Add(Said(30_000, running: 0, pending: 0)));

        Assert.Equal(2, Judged.Figure(result, "usage samples judged", "a"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(0)]
    public void Evaluate_WrongRunning_IsFound(int running) => Judged.Fails(Check, Busy().Add(Said(10_000, running, 1)), $"said {running} for running", "a");

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Evaluate_WrongPending_IsFound(int pending) => Judged.Fails(Check, Busy().Add(Said(10_000, 2, pending)), $"said {pending} for pending", "a");

    [Fact]
    public void Evaluate_WrongLimit_IsFound() => Judged.Fails(Check, Busy().Add(Said(10_000, 2, 1, limit: 3)), "for its limit");

    [Fact]
    public void Evaluate_WrongBacklog_IsFound() => Judged.Fails(Check, Busy().Add(Said(10_000, 2, 1, backlog: 9)), "for its backlog");

    [Fact]
    public void Evaluate_LimitBeingChanged_MayBeEither()
    {
        var history = Busy().Limits("a", 3, 9_999, LimitChangeMark.Asked, 10);

        Judged.Passes(Check, history.Add(Said(10_000, 2, 1, limit: 3)).Add(Said(10_001, 2, 1, limit: 2)));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    public void Evaluate_WithinAHandOver_MayBeEither(int running, int pending) =>
        Judged.Passes(Check, Busy().Add(Said(1_500, running, pending)));

    [Fact]
    public void Evaluate_RetryThatWaits_IsPending() =>
        Judged.Passes(
            Check,
            new HistoryBuilder().Tenant("a", 2, 10).Submit("a", "j1", 1).Start("j1", 2).Stop("j1", 3, BodyOutcome.Failed)
                .Add(Said(10_000, 0, 1)).Start("j1", 20_000, attempt: 2).Stop("j1", 20_001));

    [Fact]
    public void Evaluate_CancelAsked_NeedNotBePending() =>
        Judged.Passes(Check, Busy().Cancel("a", "j3", 5_000).Add(Said(10_000, 2, 0)));

    [Fact]
    public void Evaluate_AfterAFault_IsNotJudged() =>
        Judged.Doubts(
            Check,
            Busy().Fault("process.kill", 5_000, FaultMark.Begins).Fault("process.kill", 5_001, FaultMark.Healed).Add(Said(10_000, 7, 7)),
            "never asked for usage in peace");

    [Fact]
    public void Evaluate_TenantNeverAsked_IsInconclusive() => Judged.Doubts(Check, Busy().Tenant("b").Add(Said(10_000, 2, 1)), "b was never asked");

    [Fact]
    public void Evaluate_NeverAsked_IsInconclusive() => Judged.Doubts(Check, Busy(), "never asked");

    /// <summary>Two running from 3 to 20 s, one that waits for them until 24 s.</summary>
    private static HistoryBuilder Busy() =>
        new HistoryBuilder().Tenant("a", 2, 10)
            .Life("a", "j1", 1, 3_000, 20_000).Life("a", "j2", 2, 3_000, 20_000).Life("a", "j3", 3, 24_000, 25_000);

    private static UsageSampled Said(double at, int running, int pending, int limit = 2, int backlog = 10) =>
        new(HistoryBuilder.Ns(at), HistoryBuilder.Ns(at - 2), "a", running, pending, limit, backlog);
}
