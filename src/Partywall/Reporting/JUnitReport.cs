using System.Globalization;
using System.Text;
using System.Xml;
using Partywall.Checks;

namespace Partywall.Reporting;

/*
 * What an inconclusive check is to a build server.
 *
 * JUnit's format knows passed, failed, error and skipped. Skipped would be the nearest word, but every server shows a
 * suite with skipped cases as green, and an inconclusive run must not look green: it has proved nothing. An error is what
 * the format has for "could not be determined", and all servers show it as not passed. So: fail -> failure,
 * inconclusive -> error, and only a scenario that was skipped -> skipped. A run in which everything was skipped exits
 * with 2, which the build step sees.
 */

/// <summary>Writes a report as JUnit XML: a scenario's variant is a suite, a check a case.</summary>
public static class JUnitReport
{
    private const int FindingsShown = 10;

    /// <summary>Writes the report.</summary>
    /// <param name="output">Where to; not closed.</param>
    /// <param name="report">The report.</param>
    public static void Write(Stream output, RunReport report)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(report);
        using var xml = XmlWriter.Create(output, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false), CheckCharacters = true });
        var cases = report.Scenarios.SelectMany(CasesOf).ToList();
        xml.WriteStartElement("testsuites");
        xml.WriteAttributeString("name", "partywall");
        Counts(xml, cases);
        xml.WriteAttributeString("time", Seconds(report.DurationMs));
        foreach (var scenario in report.Scenarios)
        {
            Suite(xml, report, scenario);
        }

        xml.WriteEndElement();
    }

    private static void Suite(XmlWriter xml, RunReport report, ScenarioReport scenario)
    {
        var cases = CasesOf(scenario);
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", scenario.Title);
        Counts(xml, cases);
        xml.WriteAttributeString("time", Seconds(scenario.Figures?.DurationMs ?? 0));
        xml.WriteAttributeString("timestamp", report.StartedUtc.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
        xml.WriteStartElement("properties");
        Property(xml, "seed", report.Seed.ToString(CultureInfo.InvariantCulture));
        Property(xml, "target", report.Target);
        Property(xml, "profile", report.Profile);
        if (report.PlantedBug is { } bug)
        {
            Property(xml, "planted bug", bug);
        }

        if (scenario.History is { } history)
        {
            Property(xml, "history", history);
        }

        xml.WriteEndElement();
        foreach (var result in cases)
        {
            Case(xml, scenario, result);
        }

        xml.WriteEndElement();
    }

    private static void Case(XmlWriter xml, ScenarioReport scenario, CheckResult result)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", scenario.Title.Replace('/', '.'));
        xml.WriteAttributeString("name", result.Check);
        xml.WriteAttributeString("time", "0");
        switch (result.Verdict)
        {
            case Verdict.Fail:
                xml.WriteStartElement("failure");
                xml.WriteAttributeString("message", Clean($"{result.FindingCount} finding(s): {result.Findings[0].What}"));
                xml.WriteAttributeString("type", "fail");
                xml.WriteString(Clean(string.Join('\n', result.Findings.Take(FindingsShown).Select(static f => $"{f.What} [history lines {string.Join(", ", f.Lines)}]"))));
                xml.WriteEndElement();
                break;
            case Verdict.Inconclusive:
                xml.WriteStartElement("error");
                xml.WriteAttributeString("message", Clean("inconclusive: " + result.Reason));
                xml.WriteAttributeString("type", "inconclusive");
                xml.WriteEndElement();
                break;
            case Verdict.Skipped:
                xml.WriteStartElement("skipped");
                xml.WriteAttributeString("message", Clean(result.Reason ?? "skipped"));
                xml.WriteEndElement();
                break;
        }

        if (result.BelowBar is { } below)
        {
            xml.WriteElementString("system-out", Clean("below our bar: " + below));
        }

        xml.WriteEndElement();
    }

    /// <summary>A suite needs a case to show anything, so a scenario without checks gets one that says what became of it.</summary>
    private static IReadOnlyList<CheckResult> CasesOf(ScenarioReport scenario) => scenario.Checks.Count > 0
        ? scenario.Checks
        :
        [
            new CheckResult
            {
                Check = scenario.Verdict == Verdict.Skipped ? "scenario" : "harness.complete",
                Verdict = scenario.Verdict == Verdict.Skipped ? Verdict.Skipped : Verdict.Inconclusive,
                Reason = scenario.Reason ?? "There is no history.",
            },
        ];

    private static void Counts(XmlWriter xml, IReadOnlyList<CheckResult> cases)
    {
        xml.WriteAttributeString("tests", cases.Count.ToString(CultureInfo.InvariantCulture));
        Count("failures", Verdict.Fail);
        Count("errors", Verdict.Inconclusive);
        Count("skipped", Verdict.Skipped);

        void Count(string name, Verdict verdict) =>
            xml.WriteAttributeString(name, cases.Count(c => c.Verdict == verdict).ToString(CultureInfo.InvariantCulture));
    }

    private static void Property(XmlWriter xml, string name, string value)
    {
        xml.WriteStartElement("property");
        xml.WriteAttributeString("name", name);
        xml.WriteAttributeString("value", Clean(value));
        xml.WriteEndElement();
    }

    private static string Seconds(double ms) => (ms / 1_000).ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>XML cannot carry most control characters; a system's words may contain any.</summary>
    private static string Clean(string text) => string.Concat(text.EnumerateRunes().Select(static r =>
        r.Value is 0x9 or 0xA or 0xD or (>= 0x20 and <= 0xD7FF) or (>= 0xE000 and <= 0xFFFD) or >= 0x10000 ? r.ToString() : "\uFFFD"));
}
