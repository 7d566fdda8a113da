namespace AutonomOS.Tenants;

/// <summary>What a tenant holds at one instant, read in one script. Counts are cardinalities of the structures themselves, never counters.</summary>
/// <param name="Settings">The settings in force in the store.</param>
/// <param name="Running">Slots held, lapsed leases included.</param>
/// <param name="Queued">Jobs in the tenant's queues, all pools.</param>
/// <param name="Delayed">Scheduled and retrying jobs.</param>
/// <param name="PayloadBytes">Payload bytes of unfinished jobs.</param>
/// <param name="ServedMs">Slot time charged so far, in milliseconds (running jobs by estimate or as last renewed).</param>
/// <param name="Finished">Finished jobs still within their retention.</param>
public sealed record TenantUsage(
    TenantSettings Settings,
    int Running,
    int Queued,
    int Delayed,
    long PayloadBytes,
    long ServedMs,
    int Finished)
{
    /// <summary>Jobs that count towards admission: from acceptance to the final state.</summary>
    public int Active => Running + Queued + Delayed;
}
