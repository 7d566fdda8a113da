namespace Partywall.Targets;

/// <summary>
/// The capability to have the system compare its own structures with each other. In a healthy system at rest nothing is
/// found: whatever is, some operation before has left behind.
/// </summary>
public interface IReconciliation : ITargetCapability
{
    /// <summary>Looks through every tenant's structures once, and mends what does not fit together.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What was mended: kind → how often. Kinds that were looked for and not found are there with 0.</returns>
    /// <exception cref="TargetException">It could not be done.</exception>
    Task<IReadOnlyDictionary<string, long>> ReconcileAsync(CancellationToken cancellationToken);
}
