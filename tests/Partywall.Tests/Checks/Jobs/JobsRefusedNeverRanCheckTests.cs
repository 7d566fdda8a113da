using Partywall.Targets;

namespace Partywall.Tests.Checks.Jobs;

public sealed class JobsRefusedNeverRanCheckTests
{
    private const string Check = "jobs.refused-never-ran";

    [Fact]
    public void Evaluate_NothingRefused_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Life("a", "j", 1, 2, 3), "No submission was refused");

    [Fact]
    public void Evaluate_RefusedAndSilent_Passes() => Judged.Passes(Check, new HistoryBuilder().Tenant("a").Refuse("a", "j", 1));

    [Theory]
    [InlineData(ReplyKind.Refused)]
    [InlineData(ReplyKind.Unavailable)]
    public void Evaluate_ClearlyNotDoneAndYetRan_Fails(ReplyKind answer) =>
        Judged.Fails(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1, answer).Start("j", 10).Stop("j", 20), "and yet its body 1 ran", "a");

    [Fact]
    public void Evaluate_UnknownOutcomeThatRan_IsNoRefusal() =>
        Judged.Passes(Check, new HistoryBuilder().Tenant("a").Refuse("a", "other", 1).Submit("a", "j", 1, ReplyKind.Unknown).Start("j", 10).Stop("j", 20));

    [Fact]
    public void Evaluate_RefusedAndThenAcceptedUnderItsKey_Passes() =>
        Judged.Passes(
            Check,
            new HistoryBuilder().Tenant("a").Refuse("a", "other", 1).Submit("a", "j", 1, ReplyKind.Refused, key: "k").Submit("a", "j", 5, key: "k").Start("j", 10).Stop("j", 20));
}
