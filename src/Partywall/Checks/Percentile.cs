namespace Partywall.Checks;

/// <summary>Percentiles by nearest rank: always a value that was measured, never one in between.</summary>
public static class Percentile
{
    /// <summary>A percentile.</summary>
    /// <param name="sorted">The values, ascending; at least one.</param>
    /// <param name="percent">Above 0, at most 100.</param>
    public static long Of(IReadOnlyList<long> sorted, double percent)
    {
        ArgumentNullException.ThrowIfNull(sorted);
        if (sorted.Count == 0)
        {
            throw new ArgumentException("There is nothing to take a percentile of.", nameof(sorted));
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        return sorted[Math.Max(1, (int)Math.Ceiling(sorted.Count * percent / 100)) - 1];
    }
}
