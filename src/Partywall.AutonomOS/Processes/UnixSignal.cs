using System.Runtime.InteropServices;

namespace Partywall.AutonomOS.Processes;

/// <summary>Signals that are sent to processes. The numbers are those of Linux; macOS differs in the last two.</summary>
internal enum UnixSignal
{
    /// <summary>Ends at once; cannot be refused.</summary>
    Kill,

    /// <summary>Asks to end.</summary>
    Terminate,

    /// <summary>Halts until <see cref="Continue"/>; cannot be refused.</summary>
    Stop,

    /// <summary>Goes on after <see cref="Stop"/>.</summary>
    Continue,
}

/// <summary>Sends signals.</summary>
internal static partial class UnixSignals
{
    /// <summary>Sends a signal to a process, or with a negative number to a process group.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Send(int processId, UnixSignal signal) => Kill(processId, Number(signal)) == 0;

    private static int Number(UnixSignal signal) => signal switch
    {
        UnixSignal.Kill => 9,
        UnixSignal.Terminate => 15,
        UnixSignal.Stop => OperatingSystem.IsMacOS() ? 17 : 19,
        UnixSignal.Continue => OperatingSystem.IsMacOS() ? 19 : 18,
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "Not a signal."),
    };

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
