namespace Partywall.Statistics;

/*
 * A ratio of percentiles has no textbook interval that would not ask for the distribution of the waits, which is just what
 * nobody knows. The bootstrap asks for nothing: it draws as many pairs as there are, with replacement, takes the same ratio
 * of what it drew, and does so again and again; the middle 95 % of those ratios are the interval (the percentile interval:
 * Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
 *
 * Whole pairs are drawn, so what the two arms of a pair have in common (a busy machine, a warm cache) cancels out, and
 * where a pair is a round of many waits, their dependence on each other within the round stays in (a cluster bootstrap:
 * Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8).
 *
 * The bias-corrected and accelerated interval (BCa, chapter 14 of the same book) would be a little better for means. It needs
 * the jackknife for its acceleration, and the jackknife is inconsistent for percentiles (section 11.6), which is what is
 * compared here. The percentile interval needs no transformation: that of the logarithm of the ratio is its logarithm.
 *
 * A draw is a count per pair. The values are sorted once, and a draw's percentile is found by walking down the sorted values
 * and adding up the counts of their pairs, so a draw costs as much as there are values, and no sorting.
 */

/// <summary>Confidence intervals of paired ratios and differences by the bootstrap. Deterministic in its seed; thread-safe.</summary>
public static class PairedBootstrap
{
    /// <summary>How many times pairs are drawn, where nothing else is said.</summary>
    public const int Draws = 2_000;

    /// <summary>The confidence of the intervals.</summary>
    public const double Confidence = 0.95;

    /// <summary>Compares a percentile (nearest rank) of the arms.</summary>
    /// <param name="pairs">The pairs; at least two.</param>
    /// <param name="percent">Above 0, at most 100.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <param name="draws">How many times to draw. At least 100.</param>
    /// <exception cref="ArgumentException">There are too few pairs, or one of them has an empty arm.</exception>
    public static PairedEstimate OfPercentile(IReadOnlyList<SamplePair> pairs, double percent, int seed, int draws = Draws)
    {
        Check(pairs, draws);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        var baseline = new SortedArm(pairs.Select(static p => p.Baseline));
        var treatment = new SortedArm(pairs.Select(static p => p.Treatment));
        return Draw(pairs.Count, counts => (baseline.Percentile(percent, counts), treatment.Percentile(percent, counts)), seed, draws);
    }

    /// <summary>Compares the means of the arms.</summary>
    /// <param name="pairs">The pairs; at least two.</param>
    /// <param name="seed">The seed of the draws.</param>
    /// <param name="draws">How many times to draw. At least 100.</param>
    /// <exception cref="ArgumentException">There are too few pairs, or one of them has an empty arm.</exception>
    public static PairedEstimate OfMean(IReadOnlyList<SamplePair> pairs, int seed, int draws = Draws)
    {
        Check(pairs, draws);
        var baseline = pairs.Select(static p => (Sum: p.Baseline.Sum(static v => (double)v), p.Baseline.Count)).ToArray();
        var treatment = pairs.Select(static p => (Sum: p.Treatment.Sum(static v => (double)v), p.Treatment.Count)).ToArray();
        return Draw(pairs.Count, counts => (Mean(baseline, counts), Mean(treatment, counts)), seed, draws);
    }

    private static PairedEstimate Draw(int pairs, Func<int[], (double Baseline, double Treatment)> measure, int seed, int draws)
    {
        var random = new Random(seed);
        var counts = new int[pairs];
        Array.Fill(counts, 1);
        var measured = measure(counts);
        var ratios = new double[draws];
        var differences = new double[draws];
        for (var i = 0; i < draws; i++)
        {
            Array.Clear(counts);
            for (var drawn = 0; drawn < pairs; drawn++)
            {
                counts[random.Next(pairs)]++;
            }

            var (baseline, treatment) = measure(counts);
            ratios[i] = Ratio(baseline, treatment);
            differences[i] = treatment - baseline;
        }

        return new PairedEstimate(
            Middle(ratios, Ratio(measured.Baseline, measured.Treatment)), Middle(differences, measured.Treatment - measured.Baseline));
    }

    private static Interval Middle(double[] drawn, double estimate)
    {
        Array.Sort(drawn);
        var outside = (int)(drawn.Length * (1 - Confidence) / 2);
        return new Interval(drawn[outside], estimate, drawn[drawn.Length - 1 - outside]);
    }

    private static double Ratio(double baseline, double treatment) =>
        baseline == 0 ? (treatment == 0 ? 1 : double.PositiveInfinity) : treatment / baseline;

    private static double Mean((double Sum, int Count)[] arm, int[] counts)
    {
        var (sum, count) = (0.0, 0L);
        for (var i = 0; i < arm.Length; i++)
        {
            sum += arm[i].Sum * counts[i];
            count += (long)arm[i].Count * counts[i];
        }

        return sum / count;
    }

    private static void Check(IReadOnlyList<SamplePair> pairs, int draws)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 100);
        if (pairs.Count < 2 || pairs.Any(static p => p.Baseline.Count == 0 || p.Treatment.Count == 0))
        {
            throw new ArgumentException("There must be at least two pairs, each with values in both arms.", nameof(pairs));
        }
    }

    /// <summary>All values of an arm, ascending, each with the pair it is of.</summary>
    private sealed class SortedArm
    {
        private readonly long[] _values;
        private readonly int[] _pairs;
        private readonly int[] _sizes;

        public SortedArm(IEnumerable<IReadOnlyList<long>> pairs)
        {
            var arms = pairs.ToList();
            _sizes = [.. arms.Select(static a => a.Count)];
            _values = [.. arms.SelectMany(static a => a)];
            _pairs = [.. arms.SelectMany(static (a, pair) => Enumerable.Repeat(pair, a.Count))];
            Array.Sort(_values, _pairs);
        }

        public double Percentile(double percent, int[] counts)
        {
            long total = 0;
            for (var pair = 0; pair < counts.Length; pair++)
            {
                total += (long)_sizes[pair] * counts[pair];
            }

            // From above, because the percentiles that matter are near the top.
            var above = total - Math.Max(1, (long)Math.Ceiling(total * percent / 100));
            for (var i = _values.Length - 1; i > 0; i--)
            {
                above -= counts[_pairs[i]];
                if (above < 0)
                {
                    return _values[i];
                }
            }

            return _values[0];
        }
    }
}
