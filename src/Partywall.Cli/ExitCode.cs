namespace Partywall.Cli;

/// <summary>The exit codes. Those of a verdict (0, 1, 2) are in <see cref="Checks.Verdicts.ExitCode"/>.</summary>
internal static class ExitCode
{
    /// <summary>Everything that was asked for was done, and everything judged passed.</summary>
    public const int Passed = 0;

    /// <summary>Something failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line, or a file named on it, is wrong; nothing was run. (EX_USAGE of sysexits.h.)</summary>
    public const int Usage = 64;

    /// <summary>Partywall itself broke. (EX_SOFTWARE.)</summary>
    public const int Broken = 70;
}
