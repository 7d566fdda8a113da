using Partywall.Checks;

namespace Partywall.Statistics;

/// <summary>Judges a paired comparison against a bar: three-valued, by its interval and never by the bare number.</summary>
public static class RatioComparison
{
    /// <summary>A difference of at most this is nobody's concern, in milliseconds, whatever the ratio.</summary>
    public const int FloorMs = 20;

    /// <summary>
    /// Pass when the treatment is surely within the bar (the ratio's upper bound is at most the bar, or the difference's is at
    /// most the floor); fail when it is surely beyond it (both lower bounds are above); otherwise inconclusive.
    /// </summary>
    /// <param name="estimate">The comparison, of values in nanoseconds.</param>
    /// <param name="ratioMax">The bar: a ratio of at least 1.</param>
    public static Verdict Judge(PairedEstimate estimate, double ratioMax)
    {
        ArgumentNullException.ThrowIfNull(estimate);
        ArgumentOutOfRangeException.ThrowIfLessThan(ratioMax, 1);
        var floorNs = Nanoseconds.FromMs(FloorMs);
        return estimate switch
        {
            _ when estimate.Ratio.High <= ratioMax || estimate.Difference.High <= floorNs => Verdict.Pass,
            _ when estimate.Ratio.Low > ratioMax && estimate.Difference.Low > floorNs => Verdict.Fail,
            _ => Verdict.Inconclusive,
        };
    }
}
