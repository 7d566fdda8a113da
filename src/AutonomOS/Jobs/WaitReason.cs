namespace AutonomOS.Jobs;

/// <summary>Why a pending job waits: the first that applies, in this order.</summary>
public enum WaitReason
{
    /// <summary>Its tenant is suspended.</summary>
    Suspended,

    /// <summary>It was submitted with a delay that has not passed.</summary>
    Delayed,

    /// <summary>Its last attempt failed and its backoff has not passed.</summary>
    Retrying,

    /// <summary>All of its tenant's slots are in use.</summary>
    OwnLimit,

    /// <summary>Its tenant's own jobs are ahead of it.</summary>
    OwnBacklog,

    /// <summary>It is first in line and its tenant has a free slot: the pool has none.</summary>
    PoolBusy,
}
