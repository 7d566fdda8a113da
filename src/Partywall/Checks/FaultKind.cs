namespace Partywall.Checks;

/// <summary>The kinds of fault whose meaning checks depend on, as they stand in the history.</summary>
public static class FaultKind
{
    /// <summary>SIGSTOP until SIGCONT: the process's bodies stand still and do not know it.</summary>
    public const string ProcessPause = "process.pause";

    /// <summary>SIGKILL: the process's bodies end without a word.</summary>
    public const string ProcessKill = "process.kill";
}
