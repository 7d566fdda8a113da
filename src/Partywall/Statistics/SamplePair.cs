namespace Partywall.Statistics;

/// <summary>
/// What was measured in the two arms under the same circumstances: single values that belong together, or all values of a
/// round. Values within a round need not be independent of each other; rounds must be.
/// </summary>
/// <param name="Baseline">The baseline's values; at least one.</param>
/// <param name="Treatment">The treatment's values, in the same unit; at least one.</param>
public sealed record SamplePair(IReadOnlyList<long> Baseline, IReadOnlyList<long> Treatment);
