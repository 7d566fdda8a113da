namespace Partywall.Statistics;

/// <summary>
/// The weighted max-min fair division of a capacity, by water-filling: everybody's share rises in proportion to its weight until
/// it reaches its limit; what that leaves goes on to the others (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2).
/// </summary>
public static class MaxMinShare
{
    /// <summary>Divides a capacity.</summary>
    /// <param name="capacity">What there is, in any unit. 0 or more.</param>
    /// <param name="weights">A weight for each; above 0.</param>
    /// <param name="limits">The most each can use, in the capacity's unit; 0 or more.</param>
    /// <returns>Each one's share. Together the capacity, or the sum of the limits where that is less.</returns>
    public static IReadOnlyList<double> Of(double capacity, IReadOnlyList<double> weights, IReadOnlyList<double> limits)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        if (weights.Count != limits.Count || weights.Any(static w => w <= 0) || limits.Any(static l => l < 0))
        {
            throw new ArgumentException("Each needs a weight above 0 and a limit of at least 0.", nameof(weights));
        }

        var shares = new double[weights.Count];
        var weightLeft = weights.Sum();
        foreach (var i in Enumerable.Range(0, weights.Count).OrderBy(i => limits[i] / weights[i]))
        {
            // The one that is full at the lowest level is next, so those before it have what they can use.
            shares[i] = Math.Min(limits[i], capacity * weights[i] / weightLeft);
            capacity = Math.Max(0, capacity - shares[i]);
            weightLeft -= weights[i];
        }

        return shares;
    }
}
