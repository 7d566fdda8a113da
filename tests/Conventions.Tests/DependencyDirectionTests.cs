using System.Text.RegularExpressions;

namespace Conventions.Tests;

/// <summary>Partywall knows a job system only through <c>ITarget</c>; AutonomOS knows nothing of Partywall.</summary>
public sealed partial class DependencyDirectionTests
{
    [Fact]
    public void ProjectReferences_OfTheTree_PointOnlyTheAllowedWay()
    {
        var graph = ProjectGraph.Of(Repository.Files("*.csproj", "src")
            .Select(file => (Path.GetFileNameWithoutExtension(file), File.ReadAllText(file))));

        Assert.Contains("Partywall", graph.Projects, StringComparer.Ordinal);
        Assert.Contains("AutonomOS", graph.Projects, StringComparer.Ordinal);
        Assert.Empty(graph.Wrong());
    }

    [Theory]
    [InlineData("Partywall", "AutonomOS")]
    [InlineData("AutonomOS", "Partywall")]
    [InlineData("AutonomOS.Host", "Partywall")]
    [InlineData("Partywall.Model", "AutonomOS")]
    public void ProjectReferences_AcrossTheWall_AreFound(string from, string to)
    {
        var graph = ProjectGraph.Of([(from, $"""<Project><ItemGroup><ProjectReference Include="../{to}/{to}.csproj" /></ItemGroup></Project>""")]);

        Assert.Equal([$"{from} -> {to}"], graph.Wrong());
    }

    [Fact]
    public void Sources_OfPartywall_DoNotNameAutonomOS()
    {
        var sources = Repository.Files("*.cs", "src/Partywall", "src/Partywall.Model").ToList();

        Assert.NotEmpty(sources);
        Assert.Empty(sources.Where(file => UsesAutonomOS().IsMatch(File.ReadAllText(file))).Select(Repository.Relative));
    }

    [Fact]
    public void Sources_OfAutonomOS_DoNotNamePartywall()
    {
        var sources = Repository.Files("*.cs", "src/AutonomOS", "src/AutonomOS.Embedded", "src/AutonomOS.Host").ToList();

        Assert.NotEmpty(sources);
        Assert.Empty(sources.Where(file => File.ReadAllText(file).Contains("Partywall", StringComparison.Ordinal)).Select(Repository.Relative));
    }

    [Theory]
    [InlineData("using AutonomOS.Jobs;", true)]
    [InlineData("global::AutonomOS.Jobs.JobId", true)]
    [InlineData("/// The target named AutonomOS", false)]
    public void UsesAutonomOS_TellsCodeFromWords(string line, bool uses) => Assert.Equal(uses, UsesAutonomOS().IsMatch(line));

    [GeneratedRegex(@"(^|\s)using\s+(static\s+)?AutonomOS\b|global::AutonomOS\b|\bAutonomOS\.(Jobs|Tenants|Workers|Storage|Scheduling|Reconciliation|Records)\b", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UsesAutonomOS();
}
