using System.Diagnostics;

namespace Partywall.AutonomOS.Processes;

/// <summary>What the operating system says a process is doing.</summary>
internal static class ProcessState
{
    private const int AskMs = 2_000;

    /// <summary>Whether a process stands still after SIGSTOP; null when there is no such process.</summary>
    public static async Task<bool?> IsStoppedAsync(int processId, CancellationToken cancellationToken)
    {
        var letter = OperatingSystem.IsLinux() ? OfLinux(processId) : await OfPsAsync(processId, cancellationToken);
        return letter is null ? null : letter is 'T';
    }

    private static char? OfLinux(int processId)
    {
        try
        {
            // PID (NAME) STATE …: the name may hold anything, so the last parenthesis counts.
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static async Task<char?> OfPsAsync(int processId, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(AskMs);
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-o", "state=", "-p", processId.ToString(System.Globalization.CultureInfo.InvariantCulture)])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        var state = (await ps.StandardOutput.ReadToEndAsync(bound.Token)).Trim();
        return state.Length == 0 ? null : state[0];
    }
}
