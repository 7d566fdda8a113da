namespace Partywall.Statistics;

/*
 * How many samples a comparison of percentiles needs. An interval says by itself how sure it is, but the bootstrap can only
 * draw values that were measured: with few of them beyond the percentile it underrates how far out the next could lie. So
 * what counts is how many samples lie beyond it. 30 of them make the interval honest; that is 3,000 for the 99th
 * percentile. Its width falls with the root of their number: with 30 a ratio is known to about a third either way, with
 * 100 to a seventh or so, so a bar as close to 1 as 1.1 asks for 100 and rarely comes to a conclusion with fewer.
 *
 * What a plain comparison of the two numbers would do with fewer: without any effect at all, the 99th percentiles of two
 * arms of exponential waits differ by more than a tenth upwards in about 38 of 100 runs with 100 samples an arm, in 16
 * with 1,000, and in less than 1 with 10,000. Heavier tails are worse.
 */

/// <summary>The number of samples without which a comparison is not made.</summary>
public static class SampleSize
{
    /// <summary>Samples beyond the percentile that an interval needs.</summary>
    public const int BeyondMin = 30;

    /// <summary>Samples beyond the percentile that a bar of at most <see cref="CloseRatio"/> needs.</summary>
    public const int BeyondMinWhenClose = 100;

    /// <summary>A bar up to here is close to 1.</summary>
    public const double CloseRatio = 1.1;

    /// <summary>How many samples each arm needs: 3,000 for a 99th percentile, 10,000 for a bar of 1.1 on it, 60 for a median.</summary>
    /// <param name="percent">The percentile compared: above 0, below 100.</param>
    /// <param name="ratioMax">The bar: a ratio of at least 1.</param>
    public static int PerArm(double percent, double ratioMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(percent, 100);
        ArgumentOutOfRangeException.ThrowIfLessThan(ratioMax, 1);
        var beyond = ratioMax <= CloseRatio ? BeyondMinWhenClose : BeyondMin;
        var part = (decimal)Math.Min(percent, 100 - percent) / 100;
        return (int)Math.Ceiling(beyond / part);
    }
}
