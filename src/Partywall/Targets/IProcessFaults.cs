namespace Partywall.Targets;

/// <summary>What can be done to a process.</summary>
public enum ProcessFault
{
    /// <summary>It ends without a word (SIGKILL).</summary>
    Kill,

    /// <summary>It is asked to end, and drains (SIGTERM).</summary>
    Terminate,

    /// <summary>It stands still and does not know it (SIGSTOP), until <see cref="Resume"/>.</summary>
    Pause,

    /// <summary>It goes on after <see cref="Pause"/> (SIGCONT).</summary>
    Resume,
}

/// <summary>The capability to strike the processes of the system.</summary>
public interface IProcessFaults : ITargetCapability
{
    /// <summary>
    /// Strikes a process, and returns only when the operating system shows that it took effect: the process is gone,
    /// stands still, or goes on.
    /// </summary>
    /// <param name="process">Its name, see <see cref="TargetProcess.Name"/>.</param>
    /// <param name="fault">What to do to it.</param>
    /// <param name="cancellationToken">Gives up waiting for the proof; the blow is dealt.</param>
    /// <exception cref="TargetException">There is no such running process, or no effect was seen within the target's bound.</exception>
    Task StrikeAsync(string process, ProcessFault fault, CancellationToken cancellationToken);
}
