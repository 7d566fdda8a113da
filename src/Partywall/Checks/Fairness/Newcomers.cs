using Partywall.Checks.Jobs;
using Partywall.History;

namespace Partywall.Checks.Fairness;

/// <summary>Finds the moments at which a tenant that had nothing to run has something again.</summary>
internal static class Newcomers
{
    /// <summary>The first jobs accepted for tenants that had nothing open.</summary>
    public static IEnumerable<SubmittedJob> Of(HistoryData history, IReadOnlyList<BodyRun> bodies)
    {
        var ends = bodies.GroupBy(static b => b.Start.Label, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.Max(static b => b.PossiblyUntilNs), StringComparer.Ordinal);
        foreach (var tenant in SubmittedJob.Of(Operation.Of(history)).Values
            .Where(static j => j.Accepted is not null)
            .GroupBy(static j => j.Tenant, StringComparer.Ordinal))
        {
            long openUntilNs = long.MinValue;
            foreach (var job in tenant.OrderBy(static j => j.Accepted!.Asked.AtNs))
            {
                if (job.Accepted!.Asked.AtNs > openUntilNs)
                {
                    yield return job;
                }

                openUntilNs = Math.Max(openUntilNs, ends.GetValueOrDefault(job.Label, long.MaxValue));
            }
        }
    }
}
