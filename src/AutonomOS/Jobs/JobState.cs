namespace AutonomOS.Jobs;

/// <summary>The states of a job. A refused submission is no job and has no state.</summary>
public enum JobState
{
    /// <summary>Queued, delayed or waiting to be retried.</summary>
    Pending,

    /// <summary>Holds a slot of its tenant under a lease.</summary>
    Running,

    /// <summary>Final: a handler returned.</summary>
    Completed,

    /// <summary>Final: out of attempts, timed out, or poison.</summary>
    Failed,

    /// <summary>Final: withdrawn by its tenant.</summary>
    Cancelled,
}
