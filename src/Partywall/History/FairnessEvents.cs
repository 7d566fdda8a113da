namespace Partywall.History;

/// <summary>
/// The run tries whether slot time is shared fairly, and by which terms: what the scheduler itself states about how exactly
/// it can. A later one replaces an earlier one for the whole run.
/// </summary>
/// <param name="AtNs">When.</param>
/// <param name="Tenants">
/// Between whom. Each pair of them must be seen for long enough, or the run has shown nothing. What is seen of other tenants
/// is judged too, but not demanded.
/// </param>
/// <param name="HandOverMs">
/// The longest that an attempt holds its slot without its body running, in milliseconds: from the claim to the body's start and
/// from its stop to the release, together. What is witnessed is bodies; what is shared is slots.
/// </param>
/// <param name="NoteMs">The longest until the scheduler knows what changed (τ), in milliseconds. 0 where it knows at once.</param>
/// <param name="EstimateMs">
/// What an attempt of a tenant it does not know yet is taken to last, in milliseconds. 0 where it charges nothing in advance.
/// </param>
/// <param name="ChargeErrorMs">
/// How wrong the charge of an attempt under way can be (d), in milliseconds; null for as much as the longest attempt.
/// </param>
public sealed record FairnessStated(
    long AtNs, IReadOnlyList<string> Tenants, int HandOverMs, int NoteMs = 0, int EstimateMs = 0, int? ChargeErrorMs = null)
    : HistoryEvent(AtNs);
