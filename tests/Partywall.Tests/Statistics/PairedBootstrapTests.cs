using Partywall.Checks;
using Partywall.Statistics;

namespace Partywall.Tests.Statistics;

public sealed class PairedBootstrapTests
{
    private const int Draws = 300;

    [Theory]
    [InlineData(50, 200)]
    [InlineData(95, 600)]
    [InlineData(99, 3_000)]
    public void OfPercentile_KnownRatio_IntervalCoversItAsOftenAsItSays(int percent, int samples)
    {
        // Log-normal waits: the ratio of any percentile is that of the scales.
        const double True = 1.3;
        const int Runs = 150;
        var covered = 0;
        for (var run = 0; run < Runs; run++)
        {
            var random = new Random(run);
            var pairs = Enumerable.Range(0, samples).Select(_ => Pair(LogNormal(random, 1), LogNormal(random, True))).ToList();
            var ratio = PairedBootstrap.OfPercentile(pairs, percent, run, Draws).Ratio;
            covered += ratio.Low <= True && True <= ratio.High ? 1 : 0;
        }

        Assert.InRange(covered / (double)Runs, 0.88, 0.995);
    }

    [Fact]
    public void OfMean_KnownRatio_IntervalCoversItAsOftenAsItSays()
    {
        const int Runs = 200;
        var covered = 0;
        for (var run = 0; run < Runs; run++)
        {
            var random = new Random(run);
            var pairs = Enumerable.Range(0, 200).Select(_ => Pair(Exponential(random), 2 * Exponential(random))).ToList();
            var ratio = PairedBootstrap.OfMean(pairs, run, Draws).Ratio;
            covered += ratio is { Low: <= 2, High: >= 2 } ? 1 : 0;
        }

        Assert.InRange(covered / (double)Runs, 0.88, 0.995);
    }

    [Fact]
    public void OfPercentile_RoundsOfDependentWaits_IntervalCoversTheRatioAllTheSame()
    {
        // What a round's waits have in common is many times their own scatter. Single waits drawn would be far too sure.
        const int Runs = 100;
        var (byRounds, byWaits) = (0, 0);
        for (var run = 0; run < Runs; run++)
        {
            var random = new Random(run);
            var rounds = new List<SamplePair>();
            for (var round = 0; round < 40; round++)
            {
                var (solo, beside) = (LogNormal(random, 1), LogNormal(random, 1));
                rounds.Add(new SamplePair(Around(solo), Around(beside)));
            }

            var waits = rounds.SelectMany(static r => r.Baseline.Zip(r.Treatment, static (b, t) => new SamplePair([b], [t]))).ToList();
            byRounds += Covers(PairedBootstrap.OfPercentile(rounds, 50, run, Draws).Ratio);
            byWaits += Covers(PairedBootstrap.OfPercentile(waits, 50, run, Draws).Ratio);

            long[] Around(double common) => [.. Enumerable.Range(0, 10).Select(_ => (long)(common * (0.95 + (0.1 * random.NextDouble()))))];
        }

        Assert.InRange(byRounds, 86, 100);
        Assert.InRange(byWaits, 0, 80);

        static int Covers(Interval ratio) => ratio is { Low: <= 1, High: >= 1 } ? 1 : 0;
    }

    [Fact]
    public void OfPercentile_WhatBothArmsShare_CancelsOut()
    {
        var random = new Random(5);
        var (paired, shuffled) = (new List<SamplePair>(), new List<SamplePair>());
        var treatments = new List<long>();
        for (var round = 0; round < 60; round++)
        {
            var machine = LogNormal(random, 1);
            paired.Add(Pair(machine * (0.9 + (0.2 * random.NextDouble())), 1.5 * machine * (0.9 + (0.2 * random.NextDouble()))));
            treatments.Add(paired[^1].Treatment[0]);
        }

        for (var round = 0; round < 60; round++)
        {
            shuffled.Add(new SamplePair(paired[round].Baseline, [treatments[(round + 17) % 60]]));
        }

        var (narrow, wide) = (PairedBootstrap.OfMean(paired, 1).Ratio, PairedBootstrap.OfMean(shuffled, 1).Ratio);

        Assert.InRange(1.5, narrow.Low, narrow.High);
        Assert.True(narrow.High - narrow.Low < (wide.High - wide.Low) / 3, $"{narrow} against {wide}");
    }

    [Fact]
    public void OfPercentile_SameSeed_SameInterval()
    {
        var random = new Random(3);
        var pairs = Enumerable.Range(0, 100).Select(_ => Pair(Exponential(random), Exponential(random))).ToList();

        Assert.Equal(PairedBootstrap.OfPercentile(pairs, 95, 11), PairedBootstrap.OfPercentile(pairs, 95, 11));
        Assert.NotEqual(PairedBootstrap.OfPercentile(pairs, 95, 11), PairedBootstrap.OfPercentile(pairs, 95, 12));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(90)]
    [InlineData(99)]
    [InlineData(100)]
    public void OfPercentile_Estimate_IsTheNearestRank(int percent)
    {
        var random = new Random(percent);
        var pairs = Enumerable.Range(0, 137).Select(_ => Pair(Exponential(random), Exponential(random))).ToList();

        var estimate = PairedBootstrap.OfPercentile(pairs, percent, 1, 100);

        var (baseline, treatment) = (Sorted(static p => p.Baseline), Sorted(static p => p.Treatment));
        Assert.Equal(Percentile.Of(treatment, percent) / (double)Percentile.Of(baseline, percent), estimate.Ratio.Estimate);
        Assert.Equal(Percentile.Of(treatment, percent) - Percentile.Of(baseline, percent), estimate.Difference.Estimate);

        List<long> Sorted(Func<SamplePair, IReadOnlyList<long>> arm) => [.. pairs.SelectMany(arm).Order()];
    }

    [Fact]
    public void OfPercentile_NothingWaited_RatioIsOneOrInfinite()
    {
        SamplePair[] none = [new([0], [0]), new([0], [0])];
        SamplePair[] some = [new([0], [5]), new([0], [5])];

        Assert.Equal(1, PairedBootstrap.OfPercentile(none, 50, 1).Ratio.High);
        Assert.Equal(double.PositiveInfinity, PairedBootstrap.OfPercentile(some, 50, 1).Ratio.Low);
        Assert.Equal(5, PairedBootstrap.OfPercentile(some, 50, 1).Difference.Low);
    }

    [Fact]
    public void OfPercentile_TooFewPairsOrAnEmptyArm_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => PairedBootstrap.OfPercentile([Pair(1, 1)], 50, 1));
        Assert.Throws<ArgumentException>(() => PairedBootstrap.OfMean([Pair(1, 1), new SamplePair([], [1])], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PairedBootstrap.OfPercentile([Pair(1, 1), Pair(1, 1)], 0, 1));
    }

    internal static SamplePair Pair(double baseline, double treatment) => new([(long)baseline], [(long)treatment]);

    /// <summary>Waits around 100 ms times a scale, in nanoseconds.</summary>
    internal static double LogNormal(Random random, double scale) =>
        scale * 1e8 * Math.Exp(0.6 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    /// <summary>Waits of 100 ms in the mean, in nanoseconds.</summary>
    internal static double Exponential(Random random) => -1e8 * Math.Log(1 - random.NextDouble());
}
