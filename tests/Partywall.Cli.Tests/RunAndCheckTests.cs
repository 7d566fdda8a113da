using System.Text.Json;
using System.Xml.Linq;
using Partywall.Checks;
using Partywall.Reporting;

namespace Partywall.Cli.Tests;

/// <summary>The whole path on the model target: run, report, judge again. A busy machine may make a run inconclusive, never fail it.</summary>
public sealed class RunAndCheckTests
{
    [Fact]
    public async Task Run_HealthyModel_NothingFailsAndTheReportIsThere()
    {
        using var partywall = new PartywallProcess();

        var said = await partywall.RunAsync("run", "stress/isolation-under-load", "stress/quota", "--target", "model", "--seed", "11", "--out", "report");

        var report = ReportOf(partywall, "report");
        Assert.Equal("seed 11", said.Lines[0]);
        Assert.Equal("report " + Path.Combine(partywall.Directory, "report"), said.Lines[^1]);
        Assert.DoesNotContain('\u001b', said.Output);
        Assert.Equal(report.ExitCode, said.ExitCode);
        Assert.Equal(3, report.Scenarios.Count);
        Assert.All(report.Scenarios.SelectMany(static s => s.Checks), static check => Assert.True(
            check.Verdict == Verdict.Pass || (check.Verdict == Verdict.Inconclusive && check.Check.StartsWith("harness.", StringComparison.Ordinal)),
            $"{check.Check} {check.Verdict}: {check.Reason} {(check.Findings.Count > 0 ? check.Findings[0].What : "")}"));
        Assert.All(report.Scenarios, s => Assert.True(File.Exists(Path.Combine(partywall.Directory, "report", s.History!))));
        var suites = XDocument.Load(Path.Combine(partywall.Directory, "report", ReportFiles.JUnitFile)).Root!.Elements("testsuite").ToList();
        Assert.Equal(report.Scenarios.Select(static s => s.Checks.Count), suites.Select(static s => s.Elements("testcase").Count()));
        Assert.Empty(Directory.EnumerateFileSystemEntries(partywall.Temporary));
    }

    [Fact]
    public async Task Run_PlantedBug_FailsByItsCheckAndCheckingAgainFindsTheSame()
    {
        using var partywall = new PartywallProcess();

        var said = await partywall.RunAsync("run", "stress/isolation-under-load", "--target", "model", "--plant", "sixth-body", "--tenants", "4");

        Assert.Equal(1, said.ExitCode);
        Assert.Contains("planted bug: sixth-body", said.Output, StringComparison.Ordinal);
        var directory = said.Lines[^1]["report ".Length..];
        Assert.StartsWith(Path.Combine(partywall.Directory, "partywall-report"), directory, StringComparison.Ordinal);
        var failed = ReportFiles.Read(Path.Combine(directory, ReportFiles.ReportFile)).Scenarios.First(static s => s.Verdict == Verdict.Fail);
        Assert.Contains(failed.Checks, static c => c is { Check: "slots.bound", Verdict: Verdict.Fail });

        var history = Path.Combine(directory, failed.History!);
        var again = ScenarioJudgement.Judge(await History.HistoryData.LoadAsync(history, TestContext.Current.CancellationToken), history);
        Assert.Equal(JsonSerializer.Serialize(failed.Checks), JsonSerializer.Serialize(again.Checks));

        var checkedAgain = await partywall.RunAsync("check", history);
        Assert.Equal(1, checkedAgain.ExitCode);
        Assert.Contains(failed.Checks.First(static c => c.Check == "slots.bound").Findings[0].What, checkedAgain.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_InterruptedHalfWay_ReportsWhatWasSeenAndLeavesNothing()
    {
        using var partywall = new PartywallProcess();

        var said = await partywall.InterruptAsync("under load", "run", "stress/isolation-under-load", "stress/quota", "--target", "model", "--out", "report");

        var report = ReportOf(partywall, "report");
        Assert.Equal(2, said.ExitCode);
        Assert.True(report.Interrupted);
        Assert.Equal(Verdict.Inconclusive, report.Verdict);
        Assert.Equal(3, report.Scenarios.Count);
        Assert.Contains("interrupted", said.Output, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(said.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(partywall.Temporary));

        var history = Path.Combine(partywall.Directory, "report", report.Scenarios[0].History!);
        var again = await partywall.RunAsync("check", history);
        Assert.Equal(2, again.ExitCode);
    }

    [Fact]
    public async Task Check_HistoryCutInMidLine_InconclusiveInClearWords()
    {
        using var partywall = new PartywallProcess();
        await partywall.RunAsync("run", "stress/quota", "--target", "model", "--out", "report");
        var whole = await File.ReadAllBytesAsync(Path.Combine(partywall.Directory, "report", "stress-quota", "history.jsonl"), TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(partywall.Directory, "cut.jsonl"), whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);

        var said = await partywall.RunAsync("check", "cut.jsonl");

        Assert.Equal(2, said.ExitCode);
        Assert.Contains("cut off in the middle of line", said.Output, StringComparison.Ordinal);
        Assert.Empty(said.Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello\n")]
    [InlineData("{\"a\":1}\n")]
    [InlineData("\0\0\0\0")]
    public async Task Check_FileThatIsNoHistory_64AndOneClearLine(string content)
    {
        using var partywall = new PartywallProcess();
        await File.WriteAllTextAsync(Path.Combine(partywall.Directory, "other"), content, TestContext.Current.CancellationToken);

        var said = await partywall.RunAsync("check", "other");

        Assert.Equal(64, said.ExitCode);
        Assert.Contains("other, line 1", Assert.Single(said.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static RunReport ReportOf(PartywallProcess partywall, string name) =>
        ReportFiles.Read(Path.Combine(partywall.Directory, name, ReportFiles.ReportFile));
}
