namespace Partywall.Targets;

/// <summary>
/// The capability to submit from several processes of their own, so that races for a tenant's slots are races between
/// processes and not only between the threads of one.
/// </summary>
public interface ISubmitterProcesses : ITargetCapability
{
    /// <summary>
    /// Starts processes that are connected to the witness and do what it orders (<c>Submitter</c>), each with a client of its
    /// own for each of the tenants, connections open. They end with the target, or with the harness, however that ends.
    /// </summary>
    /// <param name="count">How many. At least 1.</param>
    /// <param name="tenantIds">Tenants that were brought in before.</param>
    /// <param name="cancellationToken">Gives up; what was begun ends with the target.</param>
    /// <returns>Their names in the run, the same they gave the witness.</returns>
    /// <exception cref="TargetException">One could not be started, or could not use a tenant's key.</exception>
    Task<IReadOnlyList<string>> StartSubmittersAsync(int count, IReadOnlyList<string> tenantIds, CancellationToken cancellationToken);
}
