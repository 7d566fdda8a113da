namespace Partywall.Statistics;

/// <summary>
/// Jain's fairness index (Jain, Chiu and Hawe, 1984): 1 when all have the same, 1/n when one has everything. For display only:
/// with one of ten starved and the others equal it still reads 0.90.
/// </summary>
public static class JainIndex
{
    /// <summary>The index.</summary>
    /// <param name="values">What each has, 0 or more; not all 0.</param>
    public static double Of(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var sum = values.Sum();
        return sum > 0
            ? sum * sum / (values.Count * values.Sum(static v => v * v))
            : throw new ArgumentException("Where nobody has anything there is nothing to compare.", nameof(values));
    }
}
