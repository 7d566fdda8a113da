namespace AutonomOS.Jobs;

/// <summary>What a cancellation did.</summary>
public enum CancelResult
{
    /// <summary>The job was pending and is cancelled.</summary>
    Cancelled,

    /// <summary>The job runs: its handler was asked to stop; its slot stays taken until it has.</summary>
    Requested,

    /// <summary>The job had reached a final state before.</summary>
    AlreadyFinal,

    /// <summary>The tenant has no such job.</summary>
    NotFound,
}
