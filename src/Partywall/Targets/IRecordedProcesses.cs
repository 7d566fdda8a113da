namespace Partywall.Targets;

/// <summary>A process the target started.</summary>
/// <param name="Name">Its name in the run, such as <c>worker-1</c>; the same it gives the witness, and the stem of its log file.</param>
/// <param name="Id">The operating system's process id.</param>
public sealed record TargetProcess(string Name, int Id);

/// <summary>The capability to name the processes a run consists of, so that the history can.</summary>
public interface IRecordedProcesses : ITargetCapability
{
    /// <summary>The processes running now.</summary>
    IReadOnlyList<TargetProcess> Processes { get; }
}
