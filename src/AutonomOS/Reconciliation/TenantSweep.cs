using System.Globalization;
using AutonomOS.Scheduling;
using AutonomOS.Storage;
using AutonomOS.Tenants;

namespace AutonomOS.Reconciliation;

/// <summary>
/// Visits to tenants, one script each (<c>sweep.lua</c>), and the look at the index itself that goes with them. Not
/// thread-safe for one tenant; different tenants may be visited at once.
/// </summary>
/// <remarks>
/// The tenant's own word that it was indexed is not trusted: the message may have been lost. So the sweep asks the index
/// about every tenant that should be in it. A tenant that is absent may just have a note on its way; it is a suspect
/// until a later visit finds it absent under the same stamp, and only then it is indexed anew and counted as a repair.
/// </remarks>
internal sealed class TenantSweep(TenantScripts tenants, ReadyIndex index, ReconcilerOptions options)
{
    private const int EntriesMax = 1000;
    private const int AuditedMax = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<TenantId, long> _audited = [];
    private readonly Dictionary<(TenantId Tenant, string Pool), long> _suspects = [];

    /// <summary>Visits one tenant.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="reap">False during a grace: lapsed leases stay.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    internal async Task<Visit> VisitAsync(TenantId tenant, bool reap, CancellationToken cancellation)
    {
        long from;
        lock (_lock)
        {
            from = _audited.GetValueOrDefault(tenant);
        }

        var answer = await tenants.WriteAsync(
            "sweep",
            tenant,
            [
                reap ? "1" : "0", options.LeasesLostMax, EntriesMax, from, AuditedMax,
                options.Finished.OutboxMax, options.Finished.LiveMs, options.Finished.LiveMax,
            ],
            cancellation);
        if ((string?)answer[0] == "gone")
        {
            Forget(tenant);
            return new Visit(new SweepReport(), 0, Suspicious: false, Archivable: false, Gone: true);
        }

        lock (_lock)
        {
            _audited[tenant] = long.Parse((string)answer[5]!, CultureInfo.InvariantCulture);
        }

        await index.TellAsync(TenantNote.Read(tenant, answer[2]));
        var (reindexed, suspicious) = await CheckIndexAsync(tenant, [.. TenantNote.Read(tenant, answer[3])], cancellation);
        var c = (long[])answer[4]!;
        var report = new SweepReport
        {
            Reaped = c[0],
            Poisoned = c[1],
            TimedOut = c[2],
            Promoted = c[3],
            Expired = c[4],
            SlotsGivenBack = c[5],
            LeftoversDropped = c[6],
            EntriesWithoutJob = c[7],
            JobsPutBack = c[8],
            MarksNotTold = c[9],
            Overflowed = c[10],
            Reindexed = reindexed,
        };
        return new Visit(report, (long)answer[1], suspicious, (string?)answer[6] == "1", Gone: false);
    }

    private void Forget(TenantId tenant)
    {
        lock (_lock)
        {
            _audited.Remove(tenant);
            foreach (var key in _suspects.Keys.Where(key => key.Tenant == tenant).ToList())
            {
                _suspects.Remove(key);
            }
        }
    }

    private async Task<(int Reindexed, bool Suspicious)> CheckIndexAsync(TenantId tenant, List<TenantNote> standing, CancellationToken cancellation)
    {
        var reindexed = 0;
        var suspicious = false;
        foreach (var note in standing)
        {
            var key = (tenant, note.Pool);
            if ((await index.AbsentAsync(note.Pool, [note], cancellation)).Count == 0)
            {
                lock (_lock)
                {
                    _suspects.Remove(key);
                }

                continue;
            }

            bool again;
            lock (_lock)
            {
                again = _suspects.TryGetValue(key, out var stamp) && stamp == note.Stamp;
                _suspects[key] = note.Stamp;
            }

            if (again)
            {
                await index.TouchAsync(tenant, note.Pool, note.Stamp, always: true, cancellation);
                reindexed++;
            }
            else
            {
                suspicious = true;
            }
        }

        return (reindexed, suspicious);
    }

    /// <summary>What a visit found.</summary>
    /// <param name="Report">What was done.</param>
    /// <param name="NextMs">When the next visit is due (store clock, unix ms; 0 for none).</param>
    /// <param name="Suspicious">Whether the tenant was absent from an index it should be in.</param>
    /// <param name="Archivable">Whether finished jobs may leave the store.</param>
    /// <param name="Gone">Whether there is no such tenant.</param>
    internal readonly record struct Visit(SweepReport Report, long NextMs, bool Suspicious, bool Archivable, bool Gone);
}
