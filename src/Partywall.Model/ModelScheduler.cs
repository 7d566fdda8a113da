namespace Partywall.Model;

/*
 * Which tenant gets the next slot: start-time fair queueing by slot time (Goyal, Vin and Cheng, 1996; with several jobs in
 * service at once SFQ(D): Jin, Chase and Kaur, SIGMETRICS 2004).
 *
 * Each tenant has a tag: the slot time it was charged so far ÷ its weight, and what it was lifted by. The smallest tag
 * goes first. A finished attempt is charged exactly. One under way is charged what it has taken so far, and no less than
 * the tenant's attempts have taken on average, so that one moment's picks do not all go to the same tenant.
 *
 * v, the virtual time, is the largest tag that was picked so far. A tenant that joins (it had nothing to run, or was at
 * its limit) is lifted to v when it is behind: time in which it did not compete earns it nothing.
 */

/// <summary>The order of dispatch. Guarded by the system's lock.</summary>
internal sealed class ModelScheduler(TimeProvider time, PlantedBug? bug)
{
    /// <summary>Only with <see cref="PlantedBug.JoinsLast"/>: how far behind all others, in milliseconds.</summary>
    private const int JoinsLastMs = 5_000;

    private double _v;

    /// <summary>The next tenant that may run something; null when there is none.</summary>
    /// <param name="tenants">All tenants.</param>
    /// <param name="idleOnly">Only a tenant that runs nothing: the slot is one of the reserve.</param>
    public ModelTenant? Next(IReadOnlyList<ModelTenant> tenants, bool idleOnly)
    {
        bool MayRun(ModelTenant tenant) => IsRunnable(tenant) && (!idleOnly || tenant.Slots.Count == 0);

        if (bug == PlantedBug.FixedOrder)
        {
            return tenants.FirstOrDefault(MayRun);
        }

        if (bug == PlantedBug.CappedBlocksQueue)
        {
            return tenants.FirstOrDefault(static t => t.Queue.Count > 0) is { } head && MayRun(head) ? head : null;
        }

        if (bug == PlantedBug.OneTenantAtATime)
        {
            return tenants.FirstOrDefault(static t => t.Queue.Count + t.Slots.Count > 0) is { } first && MayRun(first) ? first : null;
        }

        // Everybody first, since joining is noticed here; v is the same for all who join now.
        var behind = bug == PlantedBug.JoinsLast ? tenants.Where(static t => t.IsCompeting).Select(Tag).DefaultIfEmpty(_v).Max() + JoinsLastMs : _v;
        foreach (var tenant in tenants)
        {
            Join(tenant, behind);
        }

        if (tenants.Where(t => t.IsCompeting && MayRun(t)).MinBy(Tag) is not { } next)
        {
            return null;
        }

        _v = Math.Max(_v, Tag(next));
        return next;
    }

    /// <summary>An attempt begins.</summary>
    public void Begin(ModelTenant tenant, string fence)
    {
        tenant.Live.Add(fence, time.GetTimestamp());
        tenant.Begun++;
    }

    /// <summary>An attempt is over: from here on it is charged exactly.</summary>
    public void End(ModelTenant tenant, string fence)
    {
        if (tenant.Live.Remove(fence, out var since))
        {
            var tookMs = time.GetElapsedTime(since).TotalMilliseconds;
            tenant.ServedMs += tookMs;
            tenant.UsualMs += (tookMs - tenant.UsualMs) / 8;
        }
    }

    private void Join(ModelTenant tenant, double from)
    {
        var runnable = IsRunnable(tenant);
        if (runnable && !tenant.IsCompeting && bug != PlantedBug.CreditBanked)
        {
            tenant.Lift += Math.Max(0, from - Tag(tenant));
        }

        tenant.IsCompeting = runnable;
        tenant.IsParked |= bug == PlantedBug.RaiseNotTold && !runnable && tenant.Queue.Count > 0;
    }

    private bool IsRunnable(ModelTenant tenant) =>
        tenant.Queue.Count > 0 && !tenant.IsParked
        && tenant.Slots.Count < tenant.MaxConcurrent + (bug == PlantedBug.SixthBody ? 1 : 0);

    private double Tag(ModelTenant tenant)
    {
        var charged = bug == PlantedBug.ChargedByCount
            ? tenant.Begun
            : tenant.ServedMs + tenant.Live.Values.Sum(since => Math.Max(tenant.UsualMs, time.GetElapsedTime(since).TotalMilliseconds));
        return tenant.Lift + (charged / (bug == PlantedBug.WeightsIgnored ? 1 : tenant.Weight));
    }
}
