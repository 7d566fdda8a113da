namespace AutonomOS.Workers;

/// <summary>Why a running attempt was told to stop. Where several apply the later of this list counts.</summary>
public enum StopReason
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>The worker is stopping and its grace time is over; the attempt is handed back at no cost to the job.</summary>
    Draining,

    /// <summary>The worker could not renew the lease and stops before it lapses; the attempt is handed back when the store answers again.</summary>
    SelfFenced,

    /// <summary>The tenant asked for it; the job is then cancelled.</summary>
    TenantCancelled,

    /// <summary>The lease is no longer this attempt's: it lapsed, timed out, or the job is gone. Nothing is written.</summary>
    LeaseLost,
}
