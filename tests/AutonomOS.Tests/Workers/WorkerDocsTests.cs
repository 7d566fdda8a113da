using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Tests.Workers.Samples;
using AutonomOS.Workers;

namespace AutonomOS.Tests.Workers;

/// <summary>What <c>docs/workers.md</c> shows is compiled and runs.</summary>
public sealed partial class WorkerDocsTests(EmbeddedFixture store) : IClassFixture<EmbeddedFixture>
{
    [Fact]
    public void Docs_Samples_AreThoseCompiledHere()
    {
        var doc = File.ReadAllText(Path.Combine(Here(), "../../../docs/workers.md"));
        var source = File.ReadAllText(Path.Combine(Here(), "Samples/ThumbnailWorker.cs"));

        var shown = CodeBlock().Matches(doc).Select(block => block.Groups["code"].Value.Trim()).ToList();

        Assert.Equal([Marked(source, "program"), Marked(source, "handler")], shown);
    }

    [Fact]
    public void Docs_Defaults_AreThoseOfTheOptions()
    {
        var doc = File.ReadAllText(Path.Combine(Here(), "../../../docs/workers.md"));
        var options = new WorkerOptions();

        var rows = OptionRow().Matches(doc).ToDictionary(row => row.Groups["name"].Value, row => row.Groups["default"].Value.Replace(",", "", StringComparison.Ordinal), StringComparer.Ordinal);

        foreach (var property in typeof(WorkerOptions).GetProperties().Where(p => p.GetMethod!.IsPublic && p.Name is not ("Store" or "Seed")))
        {
            Assert.True(rows.TryGetValue(property.Name, out var said), $"docs/workers.md says nothing of {property.Name}.");
            Assert.Equal(string.Create(null, $"{property.GetValue(options)}"), said);
        }
    }

    [Fact]
    public async Task Sample_Started_RunsItsJobs()
    {
        var jobs = new RedisJobStore(await store.SharedAsync(), TimeProvider.System);
        await using var tenant = await TestTenant.OpenAsync(jobs, "sample");
        using var host = ThumbnailWorker.Build(["--Store:Endpoint", store.Options.Endpoint, "--Logging:LogLevel:Default", "None"]);
        await host.StartAsync(TestContext.Current.CancellationToken);

        var made = await tenant.FinishedAsync(await tenant.SubmitAsync("thumbnail", """{"source":"https://example.org/cat.png","widths":[64,128]}""", "images"));
        var empty = await tenant.FinishedAsync(await tenant.SubmitAsync("thumbnail", """{"source":"https://example.org/cat.png","widths":[]}""", "images"));
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(JobState.Completed, made.State);
        Assert.Equal("""["cat-64.webp","cat-128.webp"]""", Encoding.UTF8.GetString(made.Result!.Value.Span));
        Assert.Equal((JobState.Failed, "The order names no widths."), (empty.State, empty.Error));
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private static string Marked(string source, string mark)
    {
        var lines = source.Split('\n').SkipWhile(line => line.Trim() != $"// <{mark}>").Skip(1).TakeWhile(line => line.Trim() != $"// </{mark}>").ToList();
        Assert.NotEmpty(lines);
        var indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > 0 ? line[indent..] : line)).Trim();
    }

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<default>[^|]*?) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex OptionRow();
}
