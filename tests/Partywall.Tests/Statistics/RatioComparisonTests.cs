using Partywall.Checks;
using Partywall.Statistics;

namespace Partywall.Tests.Statistics;

public sealed class RatioComparisonTests
{
    private const double Ms = 1e6;

    [Theory]
    [InlineData(1.0, 1.2, Verdict.Pass)]
    [InlineData(1.0, 1.25, Verdict.Pass)]
    [InlineData(1.2, 1.3, Verdict.Inconclusive)]
    [InlineData(0.9, 9.0, Verdict.Inconclusive)]
    [InlineData(1.25, 1.3, Verdict.Inconclusive)]
    [InlineData(1.26, 1.3, Verdict.Fail)]
    public void Judge_RatioAgainstTheBar_ThreeValued(double low, double high, Verdict expected) =>
        Assert.Equal(expected, RatioComparison.Judge(new PairedEstimate(new Interval(low, low, high), new Interval(100 * Ms, 100 * Ms, 200 * Ms)), 1.25));

    [Theory]
    [InlineData(1, 20, Verdict.Pass)]
    [InlineData(1, 21, Verdict.Inconclusive)]
    [InlineData(21, 30, Verdict.Fail)]
    public void Judge_DifferenceBelowTheFloor_IsNobodysConcern(double lowMs, double highMs, Verdict expected) =>
        Assert.Equal(expected, RatioComparison.Judge(new PairedEstimate(new Interval(3, 3, 4), new Interval(lowMs * Ms, lowMs * Ms, highMs * Ms)), 1.25));

    [Theory]
    [InlineData(100, 0.25, 0.50)]
    [InlineData(1_000, 0.08, 0.25)]
    [InlineData(10_000, 0, 0.01)]
    public void SamplesWithoutAnEffect_BareRatioOfTheP99_ExceedsATenthAsOftenAsStated(int samples, double least, double most)
    {
        // Why nothing is judged by the bare number, and what SampleSize says of it.
        const int Runs = 200;
        var random = new Random(samples);
        var exceeded = Enumerable.Range(0, Runs).Count(_ => P99(random) / P99(random) > 1.1);

        Assert.InRange(exceeded / (double)Runs, least, most);

        double P99(Random r) => Enumerable.Range(0, samples).Select(_ => PairedBootstrapTests.Exponential(r)).Order().ElementAt((int)(0.99 * samples) - 1);
    }

    [Fact]
    public void Judge_SamplesWithoutAnEffect_HardlyEverFails()
    {
        const int Runs = 200;
        var (failed, passed) = (0, 0);
        for (var run = 0; run < Runs; run++)
        {
            var random = new Random(run);
            var pairs = Enumerable.Range(0, 1_000).Select(_ => PairedBootstrapTests.Pair(PairedBootstrapTests.Exponential(random), PairedBootstrapTests.Exponential(random))).ToList();
            var verdict = RatioComparison.Judge(PairedBootstrap.OfPercentile(pairs, 99, run, 200), 1.1);
            failed += verdict == Verdict.Fail ? 1 : 0;
            passed += verdict == Verdict.Pass ? 1 : 0;
        }

        Assert.InRange(failed / (double)Runs, 0, 0.02);
        Assert.True(passed < Runs / 2, "A thousand samples must rarely be enough for a bar of 1.1 on the 99th percentile.");
    }

    [Fact]
    public void Judge_AnEffectBeyondTheBar_IsFoundWithTheSamplesAsked()
    {
        var samples = SampleSize.PerArm(99, 1.25);
        var found = 0;
        for (var run = 0; run < 20; run++)
        {
            var random = new Random(run);
            var pairs = Enumerable.Range(0, samples).Select(_ => PairedBootstrapTests.Pair(PairedBootstrapTests.Exponential(random), 1.6 * PairedBootstrapTests.Exponential(random))).ToList();
            found += RatioComparison.Judge(PairedBootstrap.OfPercentile(pairs, 99, run, 200), 1.25) == Verdict.Fail ? 1 : 0;
        }

        Assert.InRange(found, 18, 20);
    }

    [Theory]
    [InlineData(99, 1.25, 3_000)]
    [InlineData(99, 1.1, 10_000)]
    [InlineData(95, 1.25, 600)]
    [InlineData(50, 2, 60)]
    [InlineData(50, 1.1, 200)]
    public void PerArm_PercentileAndBar_AsStated(double percent, double ratioMax, int expected) =>
        Assert.Equal(expected, SampleSize.PerArm(percent, ratioMax));
}
