namespace AutonomOS.Tenants;

/// <summary>Where a tenant stands in its life: active → suspended → active; active or suspended → deleting → deleted → active in a new epoch.</summary>
public enum TenantStatus
{
    /// <summary>Submissions are admitted and jobs are dispatched.</summary>
    Active,

    /// <summary>
    /// Submissions are refused and nothing new is dispatched. Running jobs go on and settle; delayed and retrying jobs
    /// become due and wait in the queue. A pause is this status, never a limit of 0.
    /// </summary>
    Suspended,

    /// <summary>On its way out: submissions are refused and nothing new is dispatched.</summary>
    Deleting,

    /// <summary>Gone from the store; its row stays as a tombstone so that its epoch is never used again.</summary>
    Deleted,
}
