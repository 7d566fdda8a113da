namespace Partywall.Statistics;

/// <summary>An estimate with its confidence interval.</summary>
/// <param name="Low">The lower bound.</param>
/// <param name="Estimate">The estimate from the samples themselves.</param>
/// <param name="High">The upper bound.</param>
public readonly record struct Interval(double Low, double Estimate, double High);

/// <summary>How two paired arms compare, at 95 % confidence.</summary>
/// <param name="Ratio">Treatment ÷ baseline. Infinite where the baseline is 0 and the treatment is not.</param>
/// <param name="Difference">Treatment − baseline, in the samples' unit.</param>
public sealed record PairedEstimate(Interval Ratio, Interval Difference);
