using Partywall.History;

namespace Partywall.Tests.Checks.Isolation;

public sealed class IsolationIdsCheckTests
{
    private const string Check = "isolation.ids";

    [Fact]
    public void Evaluate_NoneRefused_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a"), "No id was refused");

    [Fact]
    public void Evaluate_RefusedWithACode_Passes()
    {
        var result = Judged.Passes(Check, new HistoryBuilder().Tenant("a").Add(new TenantRefused(1, "a\n", "invalid_request", "No.")));

        Assert.Equal(1, Judged.Figure(result, "taken"));
        Assert.Equal(1, Judged.Figure(result, "refused"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Evaluate_RefusedWithoutACode_Fails(string? code) =>
        Judged.Fails(Check, new HistoryBuilder().Tenant("a").Add(new TenantRefused(1, "b", code, "500")), "The id “b” was not taken, and no code says why: 500", "b");

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a\n", "has a control character in it")]
    [InlineData("a\0b", "has a control character in it")]
    [InlineData("a ", "begins or ends with white space")]
    [InlineData("\u00a0a", "begins or ends with white space")]
    public void Evaluate_IdThatPassesForAnotherTaken_Fails(string id, string why) =>
        Judged.Fails(Check, Refusing().Tenant(id), $"was taken, though it {why}", id);

    [Fact]
    public void Evaluate_EndlessIdTaken_Fails() => Judged.Fails(Check, Refusing().Tenant(new string('a', 1_025)), "…” was taken, though it has 1025 characters");

    [Theory]
    [InlineData("a*")]
    [InlineData("a{b}")]
    [InlineData("\u0430")]
    public void Evaluate_StrangeIdTaken_Passes(string id) => Judged.Passes(Check, Refusing().Tenant(id));

    private static HistoryBuilder Refusing() => new HistoryBuilder().Add(new TenantRefused(1, "\n", "invalid_request", "No."));
}
