using Partywall.History;

namespace Partywall.Checks.Fairness;

/*
 * How far apart two tenants' slot time ÷ weight may drift, whatever the length of the interval:
 *
 *   (N + 1)(L_f/φ_f + L_g/φ_g)                  start-time fair queueing with N slots: SFQ(D), Jin, Chase and Kaur,
 *                                               SIGMETRICS 2004
 *   + 2 (n_f d_f/φ_f + n_g d_g/φ_g)             charges that are wrong while an attempt runs, n = min(N, limit)
 *   + 2 N (τ + h)(1/φ_f + 1/φ_g)                the scheduler knows of a change τ later, and an attempt holds its slot up
 *                                               to h before and after the body that is witnessed
 *
 * N is the pool's, φ and the limits are the tenants', L is the longest attempt witnessed; τ, h, d and the first estimate
 * are what the system states (see FairnessStated).
 */

/// <summary>The bound on the gap in service between two tenants, as the scheduler states it.</summary>
internal sealed class StatedBound(HistoryData history, FairnessStated terms)
{
    private readonly int _slots = history.Header.PoolSize;
    private readonly double _lateNs = Nanoseconds.FromMs(terms.NoteMs + (long)terms.HandOverMs);

    /// <summary>The bound, in nanoseconds of slot time per unit of weight.</summary>
    public double BetweenNs(FairTenant f, FairTenant g) => PartNs(f) + PartNs(g);

    private double PartNs(FairTenant tenant)
    {
        var longestNs = Math.Max(tenant.LongestNs, Nanoseconds.FromMs(terms.EstimateMs));
        var errorNs = terms.ChargeErrorMs is { } errorMs ? Math.Min(Nanoseconds.FromMs(errorMs), longestNs) : longestNs;
        var own = Math.Min(_slots, tenant.Limits.LargestIn(long.MinValue, long.MaxValue));
        return (((_slots + 1) * longestNs) + (2 * own * errorNs) + (2 * _slots * _lateNs)) / tenant.Weight;
    }
}
