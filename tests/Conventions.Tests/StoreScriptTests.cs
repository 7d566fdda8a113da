using System.Text.RegularExpressions;

namespace Conventions.Tests;

/// <summary>What every script for the store must say and must not do.</summary>
public sealed partial class StoreScriptTests
{
    public static TheoryData<string> Scripts => [.. Repository.Files("*.lua", "src").Select(Repository.Relative)];

    [Fact]
    public void Scripts_AreThere() => Assert.True(Scripts.Count > 10);

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_CallsNothingThatWalksTheKeyspace(string script) =>
        Assert.DoesNotMatch(Forbidden(), File.ReadAllText(Path.Combine(Repository.Root, script)));

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_HeadSaysArgumentsReturnsAndWhatACrashLeaves(string script)
    {
        var head = Head(script);
        if (Path.GetFileName(script) is "prelude.lua" or "pool.lua")
        {
            Assert.Contains("KEYS", head, StringComparison.Ordinal);
            return;
        }

        Assert.Contains("ARGV: ", head, StringComparison.Ordinal);
        Assert.Contains("-- Returns", head, StringComparison.Ordinal);
        var writes = Writes().IsMatch(File.ReadAllText(Path.Combine(Repository.Root, script)));
        Assert.True(
            !writes || head.Contains("crash", StringComparison.Ordinal) || head.Contains("One write: no prefix.", StringComparison.Ordinal) || head.Contains("any prefix", StringComparison.Ordinal),
            $"{script} writes, and its head does not say what a crash in the middle leaves.");
    }

    [Theory]
    [InlineData("redis.call('KEYS', 'job:*')")]
    [InlineData("call(\"keys\", p)")]
    [InlineData("call('SCAN', 0)")]
    [InlineData("call('FLUSHALL')")]
    public void Forbidden_FindsWhatWalksTheKeyspace(string line) => Assert.Matches(Forbidden(), line);

    private static string Head(string script) => string.Join('\n', File.ReadLines(Path.Combine(Repository.Root, script)).TakeWhile(l => l.StartsWith("--", StringComparison.Ordinal)));

    [GeneratedRegex("""call\(\s*['"](KEYS|SCAN|RANDOMKEY|FLUSHALL|FLUSHDB|PSUBSCRIBE)['"]""", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Forbidden();

    [GeneratedRegex("""'(SET|DEL|HSET|HINCRBY|ZADD|ZREM)'""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Writes();
}
