namespace Partywall.History;

/// <summary>The system compared its structures with each other and mended what did not fit.</summary>
/// <param name="AtNs">When it was done.</param>
/// <param name="FromNs">When it was asked to.</param>
/// <param name="Mended">Kind → how often; kinds looked for and not found are there with 0.</param>
public sealed record Reconciled(long AtNs, long FromNs, IReadOnlyDictionary<string, long> Mended) : HistoryEvent(AtNs);
