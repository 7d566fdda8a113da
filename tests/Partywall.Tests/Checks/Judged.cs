using Partywall.Checks;
using Partywall.History;

namespace Partywall.Tests.Checks;

/// <summary>Judges by one check and asserts what came of it.</summary>
internal static class Judged
{
    public static CheckResult By(string check, HistoryData history)
    {
        Assert.True(CheckCatalogue.TryGet(check, out var found), check);
        return HistoryJudge.Evaluate(found, history);
    }

    public static CheckResult Passes(string check, HistoryBuilder history)
    {
        var result = By(check, history.Build());
        Assert.True(result.Verdict == Verdict.Pass, $"{result.Verdict}: {result.Reason} {string.Join(" | ", result.Findings.Select(static f => f.What))}");
        Assert.Empty(result.Findings);
        return result;
    }

    /// <summary>Fails with one finding, whose words and lines are right.</summary>
    public static Finding Fails(string check, HistoryBuilder history, string words, string? tenant = null)
    {
        var data = history.Build();
        var result = By(check, data);
        Assert.True(result.Verdict == Verdict.Fail, $"{result.Verdict}: {result.Reason}");
        var finding = Assert.Single(result.Findings);
        Assert.Equal(1, result.FindingCount);
        Assert.Contains(words, finding.What, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Lines);
        Assert.All(finding.Lines, line => Assert.InRange(line, 2, data.Events.Count));
        if (tenant is not null)
        {
            Assert.Equal(tenant, finding.Tenant);
        }

        return finding;
    }

    public static string Doubts(string check, HistoryBuilder history, string words) => Doubts(check, history.Build(), words);

    public static string Doubts(string check, HistoryData history, string words)
    {
        var result = By(check, history);
        Assert.True(result.Verdict == Verdict.Inconclusive, $"{result.Verdict}: {string.Join(" | ", result.Findings.Select(static f => f.What))}");
        Assert.Contains(words, result.Reason, StringComparison.Ordinal);
        Assert.Empty(result.Findings);
        return result.Reason!;
    }

    public static double Figure(CheckResult result, string name, string? tenant = null) =>
        Assert.Single(result.Figures, f => f.Name == name && f.Tenant == tenant).Value;
}
