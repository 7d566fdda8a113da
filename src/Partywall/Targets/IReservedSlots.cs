namespace Partywall.Targets;

/// <summary>
/// The capability to keep the last slots of each worker for tenants that run nothing: as many as
/// <see cref="TargetEnvironment.ReservedSlotsPerWorker"/> says. A tenant that holds no slot may take one of them; one that holds
/// any slot may not.
/// </summary>
public interface IReservedSlots : ITargetCapability;
