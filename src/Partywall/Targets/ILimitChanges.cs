namespace Partywall.Targets;

/// <summary>The capability to change a tenant's limits while its jobs run.</summary>
public interface ILimitChanges : ITargetCapability
{
    /// <summary>
    /// Sets both limits. Once it has returned, no submission is admitted and no job is started by the old ones,
    /// except those decided before.
    /// </summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="maxConcurrent">The new limit. At least 1.</param>
    /// <param name="maxQueued">The new backlog. 0 or more.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="TargetException">The change was refused or its outcome is unknown.</exception>
    Task SetLimitsAsync(string tenantId, int maxConcurrent, int maxQueued, CancellationToken cancellationToken);
}
