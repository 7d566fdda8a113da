namespace Partywall.Targets;

/// <summary>The capability to read, from the system's own structures, how many slots each tenant holds.</summary>
public interface IHeldSlots : ITargetCapability
{
    /// <summary>Reads the held slots of the tenants, lapsed but not yet taken-back ones included.</summary>
    /// <param name="tenantIds">The tenants to ask for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Held slots by tenant, one entry for each tenant asked for. Each is read at some moment during the call.</returns>
    Task<IReadOnlyDictionary<string, int>> HeldSlotsAsync(IReadOnlyCollection<string> tenantIds, CancellationToken cancellationToken);
}
