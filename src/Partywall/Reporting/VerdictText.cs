using System.Globalization;
using Partywall.Checks;

namespace Partywall.Reporting;

/// <summary>A scenario's verdict in lines of plain text, the same words for terminal and pipe.</summary>
internal static class VerdictText
{
    private const int FindingsShown = 3;
    private const int LinesShown = 8;

    public static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Pass => "PASS",
        Verdict.Fail => "FAIL",
        Verdict.Inconclusive => "INCONCLUSIVE",
        _ => "SKIPPED",
    };

    public static string Sentence(RunReport report) => report.Verdict switch
    {
        Verdict.Pass when report.ExitCode != 0 => "Everything that was demanded holds, but not our own bar, and --strict was asked for.",
        Verdict.Pass when report.Scenarios.Any(static s => s.Verdict == Verdict.Skipped) => "Everything that was run holds; something was skipped.",
        Verdict.Pass => "Everything holds.",
        Verdict.Fail => "Something does not hold.",
        Verdict.Skipped => "Everything was skipped, so nothing was proved.",
        _ when report.Interrupted => "Interrupted: nothing wrong was seen up to then, and nothing is proved.",
        _ => "Nothing wrong was seen, but not everything could be judged.",
    };

    public static string Figures(ScenarioFigures figures) => string.Join(
        " · ",
        Count(figures.Accepted, "job"),
        $"{figures.Refused} refused",
        $"wait p50 {Ms(figures.WaitP50Ms)}, p99 {Ms(figures.WaitP99Ms)}",
        $"at most {figures.PeakConcurrency} of {figures.PoolSize} slots",
        Busiest(figures) is { } busiest ? $"{busiest.Tenant} {busiest.Peak} of {busiest.Limit}" : "nobody ran",
        Ms(figures.DurationMs));

    /// <summary>The tenant that came closest to its limit, or went furthest beyond; null when nobody ran.</summary>
    public static TenantFigures? Busiest(ScenarioFigures figures) =>
        figures.Tenants.Where(static t => t.Peak > 0).OrderByDescending(static t => (double)t.Peak / t.Limit).ThenByDescending(static t => t.Peak).FirstOrDefault();

    public static string Ms(double? ms) => ms switch
    {
        null => "–",
        < 10 => ms.Value.ToString("0.0", CultureInfo.InvariantCulture) + " ms",
        < 10_000 => ms.Value.ToString("0", CultureInfo.InvariantCulture) + " ms",
        _ => (ms.Value / 1_000).ToString("0.0", CultureInfo.InvariantCulture) + " s",
    };

    /// <summary>
    /// What did not pass, and why: the lines under a scenario's verdict. They quote the system under test, whose words must
    /// not steer the terminal, so control characters are taken out.
    /// </summary>
    public static IEnumerable<(Verdict Verdict, string Line)> Details(ScenarioReport scenario) =>
        RawDetails(scenario).Select(static d => (d.Verdict, string.Concat(d.Line.ReplaceLineEndings(" ").Select(static c => char.IsControl(c) ? '\uFFFD' : c))));

    private static IEnumerable<(Verdict Verdict, string Line)> RawDetails(ScenarioReport scenario)
    {
        if (scenario.Reason is { } reason)
        {
            yield return (scenario.Verdict, reason);
        }

        foreach (var check in scenario.Checks.Where(static c => c.Verdict == Verdict.Fail))
        {
            yield return (Verdict.Fail, $"{check.Check}: {Count(check.FindingCount, "finding")}");
            foreach (var finding in check.Findings.Take(FindingsShown))
            {
                yield return (Verdict.Fail, $"  {finding.What}{LinesOf(finding)}");
            }

            if (check.FindingCount > FindingsShown)
            {
                yield return (Verdict.Fail, $"  … and {check.FindingCount - FindingsShown} more in the report");
            }
        }

        // A run that was broken off leaves many checks with the same doubt: said once, with their names.
        foreach (var doubt in scenario.Checks.Where(c => c.Verdict == Verdict.Inconclusive && c.Reason != scenario.Reason).GroupBy(static c => c.Reason, StringComparer.Ordinal))
        {
            yield return (Verdict.Inconclusive, $"{string.Join(", ", doubt.Select(static c => c.Check))}: {doubt.Key}");
        }

        foreach (var check in scenario.Checks.Where(static c => c.BelowBar is not null))
        {
            yield return (Verdict.Inconclusive, $"{check.Check}: passed, below our bar: {check.BelowBar}");
        }
    }

    public static string Checks(ScenarioReport scenario) =>
        scenario.Checks.Count == 0 ? "–" : $"{scenario.Checks.Count(static c => c.Verdict == Verdict.Pass)}/{scenario.Checks.Count}";

    private static string Count(int count, string unit) => $"{count} {unit}{(count == 1 ? "" : "s")}";

    private static string LinesOf(Finding finding) => finding.Lines.Count switch
    {
        0 => "",
        1 => $" (history line {finding.Lines[0]})",
        _ => $" (history lines {string.Join(", ", finding.Lines.Take(LinesShown))}{(finding.Lines.Count > LinesShown ? ", …" : "")})",
    };
}
