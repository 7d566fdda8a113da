using System.Text.Json;

namespace Partywall.Reporting;

/// <summary>Writes a report's files into its directory.</summary>
public static class ReportFiles
{
    /// <summary>The report for programs.</summary>
    public const string ReportFile = "report.json";

    /// <summary>The report for build servers.</summary>
    public const string JUnitFile = "junit.xml";

    /// <summary>Writes <see cref="ReportFile"/> and <see cref="JUnitFile"/>.</summary>
    /// <param name="directory">An existing directory.</param>
    /// <param name="report">The report.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static void Write(string directory, RunReport report)
    {
        using (var json = File.Create(Path.Combine(directory, ReportFile)))
        {
            JsonSerializer.Serialize(json, report, ReportJson.Default.RunReport);
        }

        using var junit = File.Create(Path.Combine(directory, JUnitFile));
        JUnitReport.Write(junit, report);
    }

    /// <summary>The JSON schema of <see cref="ReportFile"/>.</summary>
    public static string Schema()
    {
        using var stream = typeof(ReportFiles).Assembly.GetManifestResourceStream("report.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Reads a report back.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is no report.</exception>
    public static RunReport Read(string path)
    {
        using var json = File.OpenRead(path);
        try
        {
            return JsonSerializer.Deserialize(json, ReportJson.Default.RunReport) is { Format: RunReport.FormatName, Version: RunReport.FormatVersion } report
                ? report
                : throw new InvalidDataException($"{path} is not a {RunReport.FormatName} of version {RunReport.FormatVersion}.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is not a report: {e.Message}", e);
        }
    }
}
