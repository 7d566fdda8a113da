namespace Partywall.Targets;

/// <summary>How exactly a scheduler can share slot time: what its bound on the gap between two tenants is made of.</summary>
/// <param name="HandOverMs">
/// The longest that an attempt holds its slot without its body running, in milliseconds: from the claim to the body's start and
/// from its stop to the release, together, on a machine that is not overloaded.
/// </param>
/// <param name="NoteMs">The longest until the scheduler knows what changed, in milliseconds. 0 where it knows at once.</param>
/// <param name="EstimateMs">What an attempt of a tenant it does not know yet is taken to last, in milliseconds.</param>
/// <param name="ChargeErrorMs">
/// How wrong the charge of an attempt under way can be, in milliseconds; null for as much as the longest attempt.
/// </param>
public sealed record DispatchTerms(int HandOverMs, int NoteMs, int EstimateMs, int? ChargeErrorMs = null);

/// <summary>The capability to share slot time fairly between tenants by weight, and to say how exactly.</summary>
public interface IFairDispatch : ITargetCapability
{
    /// <summary>The terms. They do not change.</summary>
    DispatchTerms Terms { get; }
}
