using Partywall.Targets;

namespace Partywall.Model;

/// <summary>Compares a tenant's structures with its jobs, which are the truth, and mends what differs. Under the system's lock.</summary>
internal static class ModelAudit
{
    public static Dictionary<string, long> Mend(IEnumerable<ModelTenant> tenants)
    {
        long slots = 0;
        long entries = 0;
        long counts = 0;
        foreach (var tenant in tenants)
        {
            slots += tenant.Slots.RemoveWhere(id => tenant.Jobs.GetValueOrDefault(id)?.State != JobState.Running);
            foreach (var (place, _) in tenant.Queue.Where(static e => e.Value.State != JobState.Pending).ToList())
            {
                tenant.Queue.Remove(place);
                entries++;
            }

            var open = tenant.Jobs.Values.Count(static j => j.State is JobState.Pending or JobState.Running);
            counts += open == tenant.Open ? 0 : 1;
            tenant.Open = open;
        }

        return new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["slots of no running job"] = slots,
            ["queue entries of no pending job"] = entries,
            ["wrong counts of open jobs"] = counts,
        };
    }
}
