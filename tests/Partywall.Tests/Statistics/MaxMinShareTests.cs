using CsCheck;
using Partywall.Statistics;

namespace Partywall.Tests.Statistics;

public sealed class MaxMinShareTests
{
    [Fact]
    public void Of_LimitsDoNotBind_SharesFollowWeights() => Equal([2, 6], MaxMinShare.Of(8, [1, 3], [100, 100]));

    [Fact]
    public void Of_OneAtItsLimit_OthersShareWhatItLeaves() => Equal([1, 3.5, 3.5], MaxMinShare.Of(8, [1, 1, 1], [1, 100, 100]));

    [Fact]
    public void Of_HeavyOneAtItsLimit_IsFilledBeforeALightOneWithALowerLimit() => Equal([1.5, 2, 4.5], MaxMinShare.Of(8, [1, 8, 3], [1.9, 2, 100]));

    [Fact]
    public void Of_MoreThanAllCanUse_EachHasItsLimit() => Equal([1, 2], MaxMinShare.Of(8, [5, 1], [1, 2]));

    [Fact]
    public void Of_Nobody_IsEmpty() => Assert.Empty(MaxMinShare.Of(8, [], []));

    [Fact]
    public void Of_AnyCase_UsesAllThatCanBeUsedAndNobodyCanGainFromAFullerOne() =>
        Gen.Select(Gen.Double[0, 100], Gen.Select(Gen.Double[0.1, 10], Gen.Double[0, 30]).Array[1, 12]).Sample(
            static (capacity, tenants) =>
            {
                var shares = MaxMinShare.Of(capacity, [.. tenants.Select(static t => t.Item1)], [.. tenants.Select(static t => t.Item2)]);
                var levels = shares.Select((s, i) => s / tenants[i].Item1).ToList();
                var highest = levels.Max();
                return Math.Abs(shares.Sum() - Math.Min(capacity, tenants.Sum(static t => t.Item2))) < 1e-6
                    && shares.Select((s, i) => s <= tenants[i].Item2 + 1e-9 && (s >= tenants[i].Item2 - 1e-9 || levels[i] >= highest - 1e-6)).All(static ok => ok);
            },
            iter: 500);

    [Fact]
    public void Of_BadInput_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => MaxMinShare.Of(1, [1, 0], [1, 1]));
        Assert.Throws<ArgumentException>(() => MaxMinShare.Of(1, [1], [1, 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => MaxMinShare.Of(-1, [1], [1]));
    }

    [Fact]
    public void Jain_OneOfTenStarved_StillReadsNineTenths()
    {
        Assert.Equal(0.9, JainIndex.Of([1, 1, 1, 1, 1, 1, 1, 1, 1, 0]), 9);
        Assert.Equal(1, JainIndex.Of([2, 2, 2]), 9);
        Assert.Throws<ArgumentException>(() => JainIndex.Of([0, 0]));
    }

    private static void Equal(double[] expected, IReadOnlyList<double> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        Assert.All(expected.Zip(actual), static pair => Assert.Equal(pair.First, pair.Second, 9));
    }
}
