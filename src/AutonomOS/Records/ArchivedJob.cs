using AutonomOS.Jobs;
using AutonomOS.Tenants;

namespace AutonomOS.Records;

/// <summary>A finished job as the records keep it, after the store has let it go.</summary>
public sealed record ArchivedJob
{
    /// <summary>The tenant it belonged to. Its epoch is the job's (<see cref="JobSnapshot.Epoch"/>).</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>
    /// The job's place among all jobs of the tenant's epoch, in the order of their acceptance: what lists are ordered by,
    /// in the store and here. Not <see cref="JobSnapshot.Sequence"/>, which counts the events of the one job.
    /// </summary>
    public required long ListSequence { get; init; }

    /// <summary>
    /// The job in its final state, byte for byte as the store held it: payload, result and texts. Lists leave payload and
    /// result out. Of two snapshots of one job the one with the larger <see cref="JobSnapshot.Sequence"/> is the later.
    /// </summary>
    public required JobSnapshot Job { get; init; }

    /// <summary>The idempotency key it was submitted under, if any.</summary>
    public string? IdempotencyKey { get; init; }
}
