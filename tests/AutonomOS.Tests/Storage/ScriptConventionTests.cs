using System.Reflection;
using System.Text.RegularExpressions;
using AutonomOS.Storage;

namespace AutonomOS.Tests.Storage;

/// <summary>What every script must be like, by its text.</summary>
public sealed partial class ScriptConventionTests
{
    public static TheoryData<string> Files() =>
        [.. typeof(StoreScript).Assembly.GetManifestResourceNames().Where(n => n.EndsWith(".lua", StringComparison.Ordinal))];

    [Fact]
    public void Files_AreThere() => Assert.InRange(Files().Count, 10, 100);

    [Theory]
    [MemberData(nameof(Files))]
    public void Script_WalksNoKeyspaceAndSpeaksTheCommonDialect(string file) => Assert.Empty(Faults(Read(file)));

    [Theory]
    [InlineData("redis.call('KEYS', 'a*')")]
    [InlineData("call(\"scan\", 0)")]
    [InlineData("call('LPOP', k, 1)")]
    [InlineData("local x = a // b")]
    [InlineData("goto done")]
    [InlineData("#!lua\nreturn 1")]
    [InlineData("local t = table.unpack(x)")]
    [InlineData("call('PEXPIREAT', k, 1)")]
    [InlineData("call('XADD', k, '*', 'a', 1)")]
    public void Faults_APlantedOne_IsFound(string text) => Assert.NotEmpty(Faults(text));

    [Theory]
    [MemberData(nameof(Files))]
    public void Script_BeginsWithAWordOnItself(string file) => Assert.StartsWith("-- ", Read(file), StringComparison.Ordinal);

    [Fact]
    public void StoreScript_Variants_DifferByTheFirstLineAlone()
    {
        var script = new StoreScript("s", "return 1");

        Assert.Equal("return 1", script.ForServer(shebang: false).Text);
        Assert.Equal("#!lua\nreturn 1", script.ForServer(shebang: true).Text);
        Assert.Equal("e0e1f9fabfc9d4800c877a703b823ac0578ff8db", script.Sha1);
        Assert.NotEqual(script.Sha1, script.ForServer(shebang: true).Sha1);
        Assert.Throws<ArgumentException>(() => new StoreScript("s", "#!lua\nreturn 1"));
    }

    private static IEnumerable<string> Faults(string text)
    {
        var code = Comment().Replace(text, "");
        foreach (Match forbidden in Forbidden().Matches(code))
        {
            yield return forbidden.Value;
        }
    }

    private static string Read(string file)
    {
        using var stream = Assembly.GetAssembly(typeof(StoreScript))!.GetManifestResourceStream(file)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex("--[^\n]*", RegexOptions.None, 1000)]
    private static partial Regex Comment();

    // Commands that walk the keyspace or that a store lacks, and words that one of the two Lua versions does not know.
    [GeneratedRegex(@"['""](KEYS|SCAN|RANDOMKEY|FLUSHALL|FLUSHDB|LPOP|RPOP|PEXPIREAT|EXPIREAT|X[A-Z]{2,}|HSETEX|HGETDEL|COPY|SORT|EVAL|EVALSHA)['""]|//|\bgoto\b|\A#!|table\.unpack|\bmath\.pow\b|\bsetfenv\b|\bos\.", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Forbidden();
}
