namespace Partywall.Targets;

/// <summary>
/// The capability to settle a job again with a fence that a body was given: a repeated settle by the winner must
/// change nothing, one by any other fence must be refused.
/// </summary>
public interface ISettleReplay : ITargetCapability
{
    /// <summary>Sends the settle of an attempt once more, as its worker would.</summary>
    /// <param name="tenantId">The job's tenant.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="fence">The fence, as the body reported it to the witness.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Ok when the system took it for the repeat it is; refused with <see cref="RefusalCode.StaleFence"/> otherwise.</returns>
    Task<Reply<SettleReplayed>> SettleAgainAsync(string tenantId, string jobId, string fence, CancellationToken cancellationToken);
}

/// <summary>The system's answer to a repeated settle.</summary>
/// <param name="Detail">Its own words.</param>
public sealed record SettleReplayed(string Detail);
