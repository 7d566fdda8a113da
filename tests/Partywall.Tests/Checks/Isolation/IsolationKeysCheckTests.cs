using Partywall.History;

namespace Partywall.Tests.Checks.Isolation;

public sealed class IsolationKeysCheckTests
{
    private const string Check = "isolation.keys";

    [Fact]
    public void Evaluate_NeverInspected_Inconclusive() => Judged.Doubts(Check, Digested(), "No key of any tenant was seen");

    [Fact]
    public void Evaluate_KeysOfKnownTenants_Passes() => Judged.Passes(Check, Inspected(Digested(), ("a", 3)));

    [Fact]
    public void Evaluate_KeysOfNobody_Fails() => Judged.Fails(Check, Inspected(Digested(), ["job:stray"], ("a", 3)), "1 key(s) belong to no tenant", null);

    [Fact]
    public void Evaluate_KeysOfAnUnknownTenant_Fails() => Judged.Fails(Check, Inspected(Digested(), ("a", 3), ("ghost", 2)), "2 key(s) carry the name of ghost", "ghost");

    [Fact]
    public void Evaluate_BystandersKeysChanged_Fails() =>
        Judged.Fails(Check, Inspected(Digested(after: "other"), ("a", 3)), "The keys of by, at rest, changed", "by");

    [Fact]
    public void Evaluate_NoBystander_Inconclusive() =>
        Judged.Doubts(Check, Inspected(new HistoryBuilder().Tenant("a"), ("a", 3)), "No bystander");

    [Fact]
    public void Evaluate_BystanderNotDigestedAfter_Inconclusive() =>
        Judged.Doubts(Check, Inspected(Digested(after: null), ("a", 3)), "digested before, but not after");

    [Fact]
    public void Evaluate_OnlyKeysOfTheWrittenList_Inconclusive() => Judged.Doubts(Check, Inspected(Digested()), "No key of any tenant was seen");

    private static HistoryBuilder Digested(string? after = "same")
    {
        var history = new HistoryBuilder().Tenant("a").Tenant("by").Add(new TenantDigested(HistoryBuilder.Ns(10), "by", DigestMoment.Before, "same"));
        return after is null ? history : history.Add(new TenantDigested(HistoryBuilder.Ns(90), "by", DigestMoment.After, after));
    }

    private static HistoryBuilder Inspected(HistoryBuilder history, params (string Tenant, int Keys)[] keys) => Inspected(history, [], keys);

    private static HistoryBuilder Inspected(HistoryBuilder history, IReadOnlyList<string> unknown, params (string Tenant, int Keys)[] keys) =>
        history.Add(new KeysInspected(
            HistoryBuilder.Ns(80),
            HistoryBuilder.Ns(79),
            5 + unknown.Count,
            2,
            keys.ToDictionary(static k => k.Tenant, static k => k.Keys, StringComparer.Ordinal),
            unknown,
            unknown.Count));
}
