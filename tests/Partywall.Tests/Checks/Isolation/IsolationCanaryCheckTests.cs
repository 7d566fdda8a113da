namespace Partywall.Tests.Checks.Isolation;

public sealed class IsolationCanaryCheckTests
{
    private const string Check = "isolation.canary";

    [Fact]
    public void Evaluate_NoAnswers_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Tenant("b"), "No tenant received its own secret");

    [Fact]
    public void Evaluate_EachFoundOnlyItsOwn_Passes() => Judged.Passes(Check, Controlled());

    [Fact]
    public void Evaluate_AnothersSecretInAnAnswer_Fails() =>
        Judged.Fails(Check, Controlled().Get("b", "job-k", 30, canaries: ["b", "a"]), "b received the secret of a in the answer to Get of job job-k", "a");

    [Fact]
    public void Evaluate_ATenantWithoutAControl_Inconclusive() =>
        Judged.Doubts(Check, Controlled().Tenant("c").Submit("c", "l", 5), "c (1 tenant(s)) never received their own secret");

    [Fact]
    public void Evaluate_ABystanderNeedsNoControl_Passes() => Judged.Passes(Check, Controlled().Tenant("bystander"));

    [Fact]
    public void Evaluate_OneTenantOnly_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1).Get("a", "job-j", 20, canaries: ["a"]), "not two tenants");

    private static HistoryBuilder Controlled() => new HistoryBuilder().Tenant("a").Tenant("b")
        .Submit("a", "j", 1).Submit("b", "k", 1).Get("a", "job-j", 20, canaries: ["a"]).Get("b", "job-k", 21, canaries: ["b"]);
}
