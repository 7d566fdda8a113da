namespace Conventions.Tests;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    internal static string Root { get; } = FindRoot();

    /// <summary>Files of the tree by pattern, build output left out.</summary>
    internal static IEnumerable<string> Files(string pattern, params string[] under) =>
        (under.Length == 0 ? [""] : under)
            .Select(folder => Path.Combine(Root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
            .Where(file => !Relative(file).Split('/').Any(part => part is "artifacts" or "bin" or "obj" or ".git" or "node_modules" || part.StartsWith("partywall-report", StringComparison.Ordinal)));

    internal static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Partywall.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("These tests read the source tree; run them from a checkout.");
    }
}
