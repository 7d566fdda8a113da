namespace AutonomOS.Host.Commands;

/// <summary>What the process says when it ends.</summary>
internal static class ExitCode
{
    /// <summary>Did what it was asked, and stopped when it was told to.</summary>
    public const int Done = 0;

    /// <summary>Could not start: a busy port, a directory it may not write, a store that refuses it.</summary>
    public const int CouldNotStart = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 64;

    /// <summary>A defect in the program.</summary>
    public const int Defect = 70;
}
