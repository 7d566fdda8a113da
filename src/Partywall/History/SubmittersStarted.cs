namespace Partywall.History;

/// <summary>
/// Processes of their own submit for some tenants. Unless their submissions were really under way at the same time, nothing
/// is concluded from the run (<c>harness.saw-enough</c>).
/// </summary>
/// <param name="AtNs">When they were ready.</param>
/// <param name="Processes">Their names; an operation that one of them sends names it.</param>
/// <param name="Tenants">The tenants they submit for.</param>
public sealed record SubmittersStarted(long AtNs, IReadOnlyList<string> Processes, IReadOnlyList<string> Tenants) : HistoryEvent(AtNs);
