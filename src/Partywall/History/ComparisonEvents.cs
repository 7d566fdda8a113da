namespace Partywall.History;

/// <summary>
/// The run compares a tenant's waits (submission to start) beside a neighbour with its waits alone. There may be several,
/// for other tenants or percentiles.
/// </summary>
/// <param name="AtNs">When.</param>
/// <param name="Tenant">The well-behaved tenant.</param>
/// <param name="Percent">Which percentile of its waits is compared: above 0, below 100.</param>
/// <param name="RatioMax">The ratio beside ÷ alone that decides. At least 1.</param>
/// <param name="BarRatioMax">Our own bar, at most <see cref="RatioMax"/>; null for none.</param>
public sealed record ComparisonStated(long AtNs, string Tenant, double Percent, double RatioMax, double? BarRatioMax = null)
    : HistoryEvent(AtNs);

/// <summary>The two arms of a comparison.</summary>
public enum ComparisonArm
{
    /// <summary>The well-behaved tenants have the system to themselves.</summary>
    Solo,

    /// <summary>The neighbour is at work.</summary>
    Beside,
}

/// <summary>
/// An arm begins; it lasts until the next one, or until the load ends. The two arms of a round are paired: the same schedule,
/// one right after the other. A job belongs to the arm in which its submission was intended.
/// </summary>
/// <param name="AtNs">When.</param>
/// <param name="Round">The round's number, from 1.</param>
/// <param name="Arm">Which arm.</param>
public sealed record ArmBegan(long AtNs, int Round, ComparisonArm Arm) : HistoryEvent(AtNs);
