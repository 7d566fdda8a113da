using System.Runtime.InteropServices;
using Partywall.Targets;

namespace Partywall.AutonomOS.Processes;

/// <summary>
/// A program of ours on disk, and how to start it. The build puts the host, the probe worker and the submitter into
/// folders of their own beside every program that uses this target (<c>Deploy.targets</c>); they share no file with it, since the
/// embedded store brings libraries of the same names in other versions.
/// </summary>
/// <param name="FileName">The executable.</param>
/// <param name="LeadingArguments">What stands before the program's own arguments.</param>
internal sealed record ProgramFile(string FileName, IReadOnlyList<string> LeadingArguments)
{
    /// <summary>The host as the build puts it, relative to the using program.</summary>
    public const string HostPath = "autonomos/AutonomOS.Host.dll";

    /// <summary>The probe worker as the build puts it, relative to the using program.</summary>
    public const string WorkerPath = "probe-worker/Partywall.AutonomOS.ProbeWorker.dll";

    /// <summary>The submitter as the build puts it, relative to the using program.</summary>
    public const string SubmitterPath = "submitter/Partywall.AutonomOS.Submitter.dll";

    /// <summary>Finds a program.</summary>
    /// <param name="stated">Where it is said to be; null to look at its usual place.</param>
    /// <param name="usual">Its usual place, relative to this program.</param>
    /// <param name="what">What it is, in words for an error.</param>
    /// <exception cref="TargetException">It is not there.</exception>
    public static ProgramFile Find(string? stated, string usual, string what)
    {
        var path = stated ?? Path.Combine(AppContext.BaseDirectory, usual);
        if (!File.Exists(path))
        {
            throw new TargetException(
                $"{what} is missing: there is no {path}. It is built together with partywall; run `dotnet build src/Partywall.Cli`, or name another with the options of the target.");
        }

        return path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
            ? new ProgramFile(Dotnet(), [path])
            : new ProgramFile(path, []);
    }

    /// <summary>
    /// The <c>dotnet</c> that belongs to the runtime this process itself runs on. A launcher beside the <c>.dll</c> would
    /// look for a runtime in places where a machine that has only an unpacked SDK has none.
    /// </summary>
    private static string Dotnet()
    {
        // ROOT/shared/Microsoft.NETCore.App/VERSION/
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var dotnet = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        return File.Exists(dotnet) ? dotnet : "dotnet";
    }
}
