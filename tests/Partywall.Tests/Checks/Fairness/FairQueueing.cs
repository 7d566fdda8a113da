namespace Partywall.Tests.Checks.Fairness;

/// <summary>What a scheduler can be made to do wrong.</summary>
public enum SchedulerFlaw
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Tenants are served in a fixed order.</summary>
    FixedOrder,

    /// <summary>On re-entry a tenant goes on from its own tag, however far behind it is.</summary>
    CreditBanked,

    /// <summary>All weigh the same.</summary>
    WeightsIgnored,

    /// <summary>Each job costs one.</summary>
    ChargedByCount,

    /// <summary>The estimate at the claim is never made right.</summary>
    NoTrueUp,
}

/// <summary>
/// Start-time fair queueing with several slots by slot time, as the ready index of a pool does it: an estimate at the claim,
/// the exact difference at the settle, re-entry at the later of the virtual time and one's own tag. With one flaw planted.
/// </summary>
internal sealed class FairQueueing(SchedulerFlaw flaw)
{
    private const double FirstEstimateMs = 10;
    private double _virtualTime;

    /// <summary>The tenant whose job goes next.</summary>
    public SimulatedTenant Pick(IReadOnlyList<SimulatedTenant> runnable)
    {
        var next = flaw == SchedulerFlaw.FixedOrder ? runnable[0] : runnable.MinBy(static t => t.Tag)!;
        _virtualTime = Math.Max(_virtualTime, next.Tag);
        return next;
    }

    /// <summary>A tenant can run something again.</summary>
    public void Enters(SimulatedTenant tenant)
    {
        if (flaw != SchedulerFlaw.CreditBanked)
        {
            tenant.Tag = Math.Max(_virtualTime, tenant.Tag);
        }
    }

    /// <summary>A job of a tenant is claimed.</summary>
    /// <returns>What it is charged.</returns>
    public double Claimed(SimulatedTenant tenant)
    {
        var charge = flaw == SchedulerFlaw.ChargedByCount ? 1 : tenant.EstimateMs ?? FirstEstimateMs;
        tenant.Tag += charge / Weight(tenant);
        return charge;
    }

    /// <summary>A job's slot is released.</summary>
    public void Settled(SimulatedTenant tenant, double charged, double costMs)
    {
        if (flaw is not (SchedulerFlaw.ChargedByCount or SchedulerFlaw.NoTrueUp))
        {
            tenant.Tag += (costMs - charged) / Weight(tenant);
        }

        tenant.EstimateMs = tenant.EstimateMs is { } estimate ? estimate + ((costMs - estimate) / 8) : costMs;
    }

    private int Weight(SimulatedTenant tenant) => flaw == SchedulerFlaw.WeightsIgnored ? 1 : tenant.Weight;
}
