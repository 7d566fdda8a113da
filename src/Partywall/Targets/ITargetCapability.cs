namespace Partywall.Targets;

/// <summary>Marks an interface as an optional capability of a target, to be asked for with <see cref="ITarget.TryGet{T}"/>.</summary>
public interface ITargetCapability;
