using AutonomOS.Reconciliation;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Microsoft.Extensions.Logging.Abstractions;
using Partywall.Targets;

namespace Partywall.AutonomOS.Store;

/// <summary>Has the product's own reconciler visit every tenant, until each of their jobs has been looked at.</summary>
internal sealed class Reconciliation(StoreProbe probe, int leaseMs, TimeProvider time) : IReconciliation
{
    /// <summary>Jobs of a tenant that one visit compares with the structures they should be in.</summary>
    private const int JobsPerVisit = 100;

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, long>> ReconcileAsync(CancellationToken cancellationToken)
    {
        await using var reconciler = new Reconciler(
            probe.Connection, new ReconcilerOptions { LeaseMs = leaseMs }, time, NullLogger<Reconciler>.Instance);
        var report = new SweepReport();
        var rounds = await RoundsAsync(cancellationToken);
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                report += await reconciler.SweepAllAsync(reap: true, cancellationToken);
            }
        }
        catch (Exception e) when (e is StoreUnavailableException or OutcomeUnknownException)
        {
            throw new TargetException($"The store could not be reconciled: {e.Message}", e);
        }

        return new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["lapsed leases"] = report.Reaped,
            ["slots of no running attempt"] = report.SlotsGivenBack,
            ["leftovers of interrupted scripts"] = report.LeftoversDropped,
            ["entries without a job"] = report.EntriesWithoutJob,
            ["jobs in no structure"] = report.JobsPutBack,
            ["runnable tenants that had not said so"] = report.MarksNotTold,
            ["runnable tenants absent from the index"] = report.Reindexed,
        };
    }

    /// <summary>Visits after which all jobs of the largest tenant have been looked at; one more, since a suspect is only believed the second time.</summary>
    private async Task<long> RoundsAsync(CancellationToken cancellationToken)
    {
        long most = 0;
        foreach (var name in await probe.RunAsync(static db => db.SortedSetRangeByRankAsync(StoreKeys.Tenants), "list its tenants", cancellationToken))
        {
            if (TenantId.TryParse(name, out var tenant))
            {
                most = Math.Max(most, await probe.RunAsync(db => db.SortedSetLengthAsync(StoreKeys.Jobs(tenant)), "count jobs", cancellationToken));
            }
        }

        return (most / JobsPerVisit) + 2;
    }
}
