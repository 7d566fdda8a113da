using Partywall.History;

namespace Partywall.Tests.Checks.Reconciliation;

public sealed class ReconciliationCleanCheckTests
{
    private const string Check = "reconciliation.clean";

    [Fact]
    public void Evaluate_NotAsked_Inconclusive() => Judged.Doubts(Check, AtRest(), "was not asked");

    [Fact]
    public void Evaluate_NothingLookedFor_Inconclusive() => Judged.Doubts(Check, AtRest().Add(Mended()), "was not asked");

    [Fact]
    public void Evaluate_NothingToMend_Passes() =>
        Assert.Equal(0, Judged.Figure(Judged.Passes(Check, AtRest().Add(Mended(("slots", 0), ("counts", 0)))), "slots"));

    [Fact]
    public void Evaluate_SomethingToMend_Fails() =>
        Judged.Fails(Check, AtRest().Add(Mended(("slots", 0), ("counts", 3))), "The system had 3 thing(s) of this kind to mend: counts.");

    [Fact]
    public void Evaluate_WorkStillOpen_Inconclusive() =>
        Judged.Doubts(Check, AtRest(allEnded: false).Add(Mended(("counts", 3))), "Not all work had ended");

    [Fact]
    public void Evaluate_MendedBeforeRest_Inconclusive() =>
        Judged.Doubts(Check, AtRest().Add(Mended(("counts", 3)) with { AtNs = HistoryBuilder.Ns(11), FromNs = HistoryBuilder.Ns(10) }), "was not asked");

    private static HistoryBuilder AtRest(bool allEnded = true) => new HistoryBuilder()
        .Add(new Settled(HistoryBuilder.Ns(90), HistoryBuilder.Ns(80), allEnded, allEnded ? 0 : 1))
        .Phase(RunPhase.AtRest, 100);

    private static Reconciled Mended(params (string Kind, long Times)[] mended) => new(
        HistoryBuilder.Ns(111), HistoryBuilder.Ns(110), mended.ToDictionary(static m => m.Kind, static m => m.Times, StringComparer.Ordinal));
}
