using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Partywall.Checks;
using Partywall.Reporting;
using Partywall.Tests.Checks;

namespace Partywall.Tests.Reporting;

public sealed class ReportTests
{
    [Fact]
    public void Read_WrittenReport_IsTheSame()
    {
        var directory = Directory.CreateTempSubdirectory("partywall-report-").FullName;
        try
        {
            ReportFiles.Write(directory, Report());

            var read = ReportFiles.Read(Path.Combine(directory, ReportFiles.ReportFile));

            Assert.Equal(Json(Report()).ToJsonString(), Json(read).ToJsonString());
            Assert.True(File.Exists(Path.Combine(directory, ReportFiles.JUnitFile)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Schema_OfAReport_Holds() => Assert.Empty(SchemaErrors(Json(Report()), Schema(), Schema(), "$"));

    [Theory]
    [InlineData("verdict", "\"maybe\"")]
    [InlineData("seed", "\"seven\"")]
    [InlineData("scenarios", "{}")]
    [InlineData("surprise", "1")]
    public void Schema_OfAReportPutWrong_DoesNotHold(string property, string value)
    {
        var json = Json(Report());
        json[property] = JsonNode.Parse(value);

        Assert.NotEmpty(SchemaErrors(json, Schema(), Schema(), "$"));
    }

    [Fact]
    public void Schema_OfAReportThatLacksAField_DoesNotHold()
    {
        var json = Json(Report());
        json.AsObject().Remove("exitCode");

        Assert.NotEmpty(SchemaErrors(json, Schema(), Schema(), "$"));
    }

    [Fact]
    public void JUnit_EachVerdict_IsWhatABuildServerShowsHonestly()
    {
        using var stream = new MemoryStream();
        JUnitReport.Write(stream, Report());
        stream.Position = 0;
        var root = XDocument.Load(stream).Root!;

        Assert.Equal(("4", "1", "1", "1"), ((string)root.Attribute("tests")!, (string)root.Attribute("failures")!, (string)root.Attribute("errors")!, (string)root.Attribute("skipped")!));
        var cases = root.Descendants("testcase").ToDictionary(static c => (string)c.Attribute("name")!);
        Assert.Empty(cases["slots.conserved"].Elements());
        Assert.StartsWith("1 finding(s): Body", (string)cases["slots.bound"].Element("failure")!.Attribute("message")!, StringComparison.Ordinal);
        Assert.StartsWith("inconclusive: the machine", (string)cases["harness.not-stalled"].Element("error")!.Attribute("message")!, StringComparison.Ordinal);
        Assert.Equal("The target lacks it \uFFFD.", (string)cases["scenario"].Element("skipped")!.Attribute("message")!);
    }

    [Fact]
    public void Figures_OfAHistory_AreThoseOfTheBodiesAndAnswers()
    {
        var history = new HistoryBuilder { SlotsPerWorker = 8 }.Tenant("a", 2).Tenant("b")
            .Life("a", "j1", 10, 20, 100).Submit("a", "j2", 50, intended: 10).Start("j2", 60).Stop("j2", 90).Refuse("a", "j3", 70)
            .Life("b", "k", 10, 70, 75);

        var figures = ScenarioFigures.Of(history.Build());

        Assert.Equal((3, 1, 3, 3, 8), (figures.Accepted, figures.Refused, figures.Bodies, figures.PeakConcurrency, figures.PoolSize));
        Assert.Equal((50, 60), (figures.WaitP50Ms, figures.WaitP99Ms));
        Assert.Equal(new TenantFigures("a", 2, 2, 2, 1, 10, 50), figures.Tenants[0]);
        Assert.Equal(100, figures.DurationMs);
    }

    [Fact]
    public void Plain_AWholeRun_SeedFirstReportLastAndNoControlCodes()
    {
        using var output = new StringWriter();
        var display = new PlainRunDisplay(output);
        display.Begin(new RunIntroduction(7, "model", "quick", null, "sixth-body", ["stress/quota"]));
        foreach (var scenario in Report().Scenarios)
        {
            display.Show(scenario);
        }

        display.End(Report(), "/reports/here");

        var lines = output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("seed 7", lines[0]);
        Assert.Equal("report /reports/here", lines[^1]);
        Assert.Contains("FAIL  stress/quota", lines);
        Assert.Contains(lines, static l => l.Contains("started while 5 others ran", StringComparison.Ordinal) && l.Contains("(history lines 3, 9)", StringComparison.Ordinal));
        Assert.Contains(lines, static l => l.Contains("harness.not-stalled: the machine", StringComparison.Ordinal));
        Assert.DoesNotContain(output.ToString(), static c => char.IsControl(c) && c is not ('\n' or '\r'));
    }

    private static RunReport Report() => new()
    {
        StartedUtc = DateTimeOffset.UnixEpoch,
        DurationMs = 1_234.5,
        Seed = 7,
        Target = "model",
        Profile = "quick",
        PlantedBug = "sixth-body",
        Verdict = Verdict.Fail,
        ExitCode = 1,
        Scenarios =
        [
            new ScenarioReport
            {
                Name = "stress/quota",
                Variant = "",
                Verdict = Verdict.Fail,
                History = "stress-quota/history.jsonl",
                Figures = new ScenarioFigures(1_000, 10, 2, 0, 10, 6, 64, 1.5, null, [new TenantFigures("a", 5, 6, 10, 2, 1.5, null)]),
                Checks =
                [
                    new CheckResult { Check = "slots.conserved", Verdict = Verdict.Pass, Figures = [new Figure("samples at rest", 3, "samples", "a")] },
                    new CheckResult
                    {
                        Check = "slots.bound", Verdict = Verdict.Fail, FindingCount = 1, Findings = [new Finding("Body 9 of a started while 5 others ran; its limit was 5.", [3, 9], "a", "job")],
                    },
                    CheckResult.Inconclusive("harness.not-stalled", "the machine was too busy"),
                ],
            },
            new ScenarioReport { Name = "stress/other", Variant = "strict", Verdict = Verdict.Skipped, Reason = "The target lacks it \u0001.", Checks = [] },
        ],
    };

    private static JsonNode Json(RunReport report) => JsonSerializer.SerializeToNode(report, ReportJson.Default.RunReport)!;

    private static JsonNode Schema() => JsonNode.Parse(ReportFiles.Schema())!;

    /// <summary>The part of JSON Schema that the report's schema uses.</summary>
    private static IEnumerable<string> SchemaErrors(JsonNode? value, JsonNode schema, JsonNode root, string path)
    {
        if (schema["$ref"] is { } reference)
        {
            return SchemaErrors(value, root["$defs"]![((string)reference!)["#/$defs/".Length..]]!, root, path);
        }

        var errors = new List<string>();
        var type = value?.GetValueKind() switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            _ => "null",
        };
        var expected = (string?)schema["type"];
        if (expected is not null && type != expected && !(expected == "integer" && type == "number" && double.IsInteger((double)value!)))
        {
            errors.Add($"{path} is {type}, not {expected}");
            return errors;
        }

        if (schema["enum"] is JsonArray words && !words.Any(w => (string?)w == (string?)value))
        {
            errors.Add($"{path} is {value}");
        }

        if (schema["const"] is { } constant && constant.ToJsonString() != value?.ToJsonString())
        {
            errors.Add($"{path} is not {constant}");
        }

        if (value is JsonObject members)
        {
            var properties = schema["properties"]!.AsObject();
            errors.AddRange((schema["required"]?.AsArray() ?? []).Where(r => !members.ContainsKey((string)r!)).Select(r => $"{path} lacks {r}"));
            errors.AddRange(members.Where(m => !properties.ContainsKey(m.Key)).Select(m => $"{path} has {m.Key}"));
            errors.AddRange(members.Where(m => properties.ContainsKey(m.Key)).SelectMany(m => SchemaErrors(m.Value, properties[m.Key]!, root, $"{path}.{m.Key}")));
        }
        else if (value is JsonArray items)
        {
            errors.AddRange(items.SelectMany((item, i) => SchemaErrors(item, schema["items"]!, root, $"{path}[{i}]")));
        }

        return errors;
    }
}
