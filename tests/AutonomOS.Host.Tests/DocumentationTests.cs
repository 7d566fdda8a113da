using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AutonomOS.Host.Commands;
using AutonomOS.Host.Tests.Running;

namespace AutonomOS.Host.Tests;

/// <summary>The samples in the documentation: those of the API are run and their answers compared, those of the command line are parsed.</summary>
public sealed partial class DocumentationTests
{
    /// <summary>Values that a reader may rely on; of all others the kind is compared.</summary>
    private static readonly HashSet<string> Fixed =
    [
        "status", "code", "type", "title", "detail", "outcome", "waiting", "pool", "replayed", "version", "epoch", "weight", "percent", "tenant",
        "max_concurrent", "max_queued", "payload_bytes_max", "result_bytes_max", "error_bytes_max", "total_payload_bytes_max", "retention_seconds", "applied",
    ];

    [Fact]
    public async Task HttpApi_EachSample_GivesWhatThePageShows()
    {
        foreach (var tool in new[] { "bash", "curl", "jq" })
        {
            Need(tool);
        }

        var blocks = Blocks(await File.ReadAllTextAsync(Page("http-api.md"), TestContext.Current.CancellationToken));
        using var server = await Server.StartAsync(["--workers", "5"]);
        var script = new StringBuilder("set -euo pipefail\n");
        var expected = new List<string?>();
        for (var i = 0; i < blocks.Count; i++)
        {
            if (blocks[i].Language == "sh")
            {
                script.Append(blocks[i].Text).Append("\necho; echo '=== end of sample'\n");
                expected.Add(i + 1 < blocks.Count && blocks[i + 1].Language == "json" ? blocks[i + 1].Text : null);
            }
        }

        var (code, output, error) = await BashAsync(script.ToString(), new() { ["URL"] = server.Url, ["ADMIN_KEY"] = server.AdminKey });
        Assert.True(code == 0, error + output);
        var outputs = output.Split("=== end of sample\n");
        Assert.Equal(expected.Count + 1, outputs.Length);
        var compared = 0;
        for (var i = 0; i < expected.Count; i++)
        {
            if (expected[i] is { } shown)
            {
                var difference = Difference(JsonDocument.Parse(shown).RootElement, JsonDocument.Parse(outputs[i]).RootElement, "$");
                Assert.True(difference is null, $"Sample {i}: {difference}\n{outputs[i]}");
                compared++;
            }
        }

        Assert.True(compared > 10, "Hardly a sample was compared.");
    }

    [Fact]
    public void Difference_OfAnswersThatDiffer_IsFound()
    {
        Assert.NotNull(Of("""{"status":"pending"}""", """{"status":"failed"}"""));
        Assert.NotNull(Of("""{"a":1}""", """{"a":1,"b":2}"""));
        Assert.NotNull(Of("""{"a":1,"b":2}""", """{"a":1}"""));
        Assert.NotNull(Of("""{"a":1}""", """{"a":"1"}"""));
        Assert.NotNull(Of("""[{"a":1}]""", """[{"a":1},{"a":2}]"""));
        Assert.Null(Of("""{"id":"x","status":"pending"}""", """{"status":"pending","id":"y"}"""));

        static string? Of(string shown, string given) => Difference(JsonDocument.Parse(shown).RootElement, JsonDocument.Parse(given).RootElement, "$");
    }

    [Theory]
    [InlineData("docs/http-api.md")]
    [InlineData("docs/operating-autonomos.md")]
    [InlineData("README.md")]
    public void CommandLines_OnThePage_AreTaken(string page)
    {
        var text = File.ReadAllText(Page(Path.Combine("..", page)));
        var lines = CommandLine().Matches(text).Select(match => match.Groups["line"].Value.Split('#')[0].TrimEnd('&', ' ')).ToList();
        Assert.True(lines.Count > 0 || page == "README.md", "The page shows no command line.");
        Assert.All(lines, line => Assert.Empty(HostCommandLine.Root(TextWriter.Null, TextWriter.Null).Parse(line).Errors));
        Assert.NotEmpty(HostCommandLine.Root(TextWriter.Null, TextWriter.Null).Parse("serve --no-such-option").Errors);
    }

    private static string? Difference(JsonElement shown, JsonElement given, string path)
    {
        if (Kind(shown) != Kind(given))
        {
            return $"{path} is shown as {shown.ValueKind} and is {given.ValueKind}";
        }

        switch (shown.ValueKind)
        {
            case JsonValueKind.Object:
                var names = shown.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal).ToList();
                var present = given.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal).ToList();
                return names.SequenceEqual(present)
                    ? names.Select(name => Property(name)).FirstOrDefault(difference => difference is not null)
                    : $"{path} is shown with {string.Join(",", names)} and has {string.Join(",", present)}";
            case JsonValueKind.Array:
                return shown.GetArrayLength() == given.GetArrayLength()
                    ? shown.EnumerateArray().Zip(given.EnumerateArray()).Select((pair, i) => Difference(pair.First, pair.Second, $"{path}[{i}]")).FirstOrDefault(difference => difference is not null)
                    : $"{path} is shown with {shown.GetArrayLength()} items and has {given.GetArrayLength()}";
            default:
                return null;
        }

        string? Property(string name)
        {
            var (first, second) = (shown.GetProperty(name), given.GetProperty(name));
            return Fixed.Contains(name) && first.GetRawText() != second.GetRawText()
                ? $"{path}.{name} is shown as {first.GetRawText()} and is {second.GetRawText()}"
                : Difference(first, second, $"{path}.{name}");
        }

        static string Kind(JsonElement element) => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? "truth" : element.ValueKind.ToString();
    }

    private static List<(string Language, string Text)> Blocks(string markdown) =>
        [.. Block().Matches(markdown).Select(match => (match.Groups["language"].Value, match.Groups["text"].Value))];

    private static string Page(string name)
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Partywall.slnx")))
            {
                return Path.Combine(directory.FullName, "docs", name);
            }
        }

        throw new InvalidOperationException("The tests do not run inside the repository.");
    }

    private static void Need(string tool)
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(directory => File.Exists(Path.Combine(directory, tool)));
        Assert.False(!found && Environment.GetEnvironmentVariable("CI") == "true", $"{tool} is missing.");
        Assert.SkipUnless(found, $"{tool} is not on the PATH.");
    }

    private static async Task<(int Code, string Output, string Error)> BashAsync(string script, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("bash") { UseShellExecute = false, ArgumentList = { "-s" }, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var bash = Process.Start(start)!;
        var output = bash.StandardOutput.ReadToEndAsync();
        var error = bash.StandardError.ReadToEndAsync();
        await bash.StandardInput.WriteAsync(script);
        bash.StandardInput.Close();
        try
        {
            await bash.WaitForExitAsync().WaitAsync(HostProgram.Bound);
        }
        catch (TimeoutException)
        {
            bash.Kill(entireProcessTree: true);
            throw;
        }

        return (bash.ExitCode, await output, await error);
    }

    [GeneratedRegex(@"^```(?<language>\w*)\n(?<text>.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Block();

    [GeneratedRegex(@"^(\w+=\S+ )?autonomos (?<line>(serve|store|work)\b.*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CommandLine();
}
