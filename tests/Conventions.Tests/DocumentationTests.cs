using System.Text.RegularExpressions;

namespace Conventions.Tests;

/// <summary>What readers are promised must be there.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string> Pages => [.. Repository.Files("*.md").Select(Repository.Relative)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_ToFilesOfTheTree_Exist(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        Assert.Empty(Broken(folder, File.ReadAllText(Path.Combine(Repository.Root, page))));
    }

    [Fact]
    public void Links_ToAMissingFile_AreFound() =>
        Assert.Equal("no-such-page.md", Assert.Single(Broken(Repository.Root, "see [this](no-such-page.md), [that](README.md#top) and [there](https://example.org/x)")));

    [Theory]
    [InlineData("README.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("LICENSE")]
    public void File_ThatUsersLookFor_IsThere(string file) => Assert.True(File.Exists(Path.Combine(Repository.Root, file)));

    [Fact]
    public void Solution_HoldsEveryProjectOfTheTree()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Partywall.slnx"));

        Assert.All(Repository.Files("*.csproj").Select(Repository.Relative), project => Assert.Contains($"\"{project}\"", solution, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Broken(string folder, string text) => Link().Matches(text)
        .Select(m => m.Groups["to"].Value.Split('#')[0])
        .Where(to => to.Length > 0 && !to.Contains("://", StringComparison.Ordinal) && !to.StartsWith("mailto:", StringComparison.Ordinal))
        .Where(to => !Path.Exists(Path.Combine(folder, to)));

    [GeneratedRegex(@"\]\((?<to>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
