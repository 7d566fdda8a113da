using System.Globalization;

namespace Partywall.Cli;

/// <summary>Chooses where a run's report goes. Nothing that is there is ever overwritten.</summary>
internal static class ReportDirectory
{
    /// <summary>The directory under which reports go when the user names none.</summary>
    public const string DefaultParent = "partywall-report";

    /// <summary>Makes the directory.</summary>
    /// <param name="asked">What the user named; null for a new one under <see cref="DefaultParent"/>.</param>
    /// <param name="now">The wall clock.</param>
    /// <param name="seed">The run's seed.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="UsageException">It is there and not empty, or cannot be made.</exception>
    public static string Create(string? asked, DateTimeOffset now, int seed)
    {
        var path = Path.GetFullPath(asked ?? Unused(Path.Combine(
            DefaultParent, string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyyMMdd-HHmmss}-{seed}"))));
        try
        {
            if (File.Exists(path))
            {
                throw new UsageException($"--out {asked}: that is a file. Name a directory that is empty or not there yet.");
            }

            if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
            {
                throw new UsageException($"--out {asked}: the directory is not empty, and nothing in it is overwritten. Name another.");
            }

            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"The report directory {path} cannot be used: {e.Message} Name another with --out.");
        }

        return path;
    }

    private static string Unused(string path)
    {
        var candidate = path;
        for (var n = 2; Directory.Exists(candidate) || File.Exists(candidate); n++)
        {
            candidate = string.Create(CultureInfo.InvariantCulture, $"{path}-{n}");
        }

        return candidate;
    }
}
