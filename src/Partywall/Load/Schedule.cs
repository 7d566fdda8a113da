namespace Partywall.Load;

/// <summary>One arrival of a schedule.</summary>
/// <param name="DueMs">When it is to be sent, in milliseconds after the load begins.</param>
/// <param name="Tenant">Which tenant sends it, as an index into the scenario's tenants.</param>
/// <param name="Number">The tenant's how manieth it is, from 0.</param>
public readonly record struct Arrival(double DueMs, int Tenant, int Number);

/// <summary>
/// Draws schedules: when each tenant sends what, fixed before the load begins. The same seed draws the same. Arrivals
/// do not wait for answers (an open loop), so a slow system cannot slow its own load down and so look fast.
/// </summary>
public static class Schedule
{
    /// <summary>All arrivals in one instant, the tenants' mixed in an order drawn from the seed.</summary>
    /// <param name="tenants">Number of tenants.</param>
    /// <param name="each">Arrivals of each.</param>
    /// <param name="dueMs">The instant, in milliseconds after the load begins.</param>
    /// <param name="random">The seeded source.</param>
    public static IReadOnlyList<Arrival> Burst(int tenants, int each, double dueMs, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tenants);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(each);
        var arrivals = new Arrival[tenants * each];
        for (var i = 0; i < arrivals.Length; i++)
        {
            arrivals[i] = new Arrival(dueMs, i % tenants, 0);
        }

        random.Shuffle(arrivals);
        return Number(arrivals, tenants);
    }

    /// <summary>
    /// Arrivals at random, independent moments (a Poisson process for each tenant), in the order of their time.
    /// </summary>
    /// <param name="tenants">Number of tenants.</param>
    /// <param name="perSecond">Mean arrivals of each tenant a second. Above 0.</param>
    /// <param name="durationMs">How long the schedule is, in milliseconds.</param>
    /// <param name="random">The seeded source.</param>
    public static IReadOnlyList<Arrival> Poisson(int tenants, double perSecond, double durationMs, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tenants);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perSecond);
        var arrivals = new List<Arrival>();
        for (var tenant = 0; tenant < tenants; tenant++)
        {
            for (var at = Gap(); at < durationMs; at += Gap())
            {
                arrivals.Add(new Arrival(at, tenant, 0));
            }
        }

        return Number([.. arrivals.OrderBy(static a => a.DueMs)], tenants);

        double Gap() => -Math.Log(1 - random.NextDouble()) * 1_000 / perSecond;
    }

    private static Arrival[] Number(Arrival[] arrivals, int tenants)
    {
        var next = new int[tenants];
        for (var i = 0; i < arrivals.Length; i++)
        {
            arrivals[i] = arrivals[i] with { Number = next[arrivals[i].Tenant]++ };
        }

        return arrivals;
    }
}
