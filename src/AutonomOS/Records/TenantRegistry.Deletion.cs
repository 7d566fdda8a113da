using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Records;

/// <content>The end of a tenant's life.</content>
public sealed partial class TenantRegistry
{
    /// <summary>The most deletions that are looked up at once.</summary>
    internal const int DeletingMax = 200;

    /// <summary>
    /// Says that a tenant is being deleted and revokes its keys. Deleting a tenant that is being deleted changes nothing,
    /// whatever the expected version: a repeat is answered as the first was.
    /// </summary>
    internal async Task<TenantChangeResult> DeleteAsync(Actor actor, TenantId id, long? expectedVersion)
    {
        for (var race = 0; ; race++)
        {
            try
            {
                var (status, row) = await records.WriteAsync<(TenantChangeStatus, TenantRow?)>(RecordsScope.Of(id), async context =>
                {
                    var row = await context.TenantForUpdate(id).SingleOrDefaultAsync();
                    if (row is null or { Status: TenantStatus.Deleted })
                    {
                        return (TenantChangeStatus.NotFound, null);
                    }

                    if (row.Status is TenantStatus.Deleting)
                    {
                        return (TenantChangeStatus.Done, row);
                    }

                    if (expectedVersion is { } expected && row.Version != expected)
                    {
                        return (TenantChangeStatus.VersionConflict, row);
                    }

                    var before = AuditFacts.Of(row);
                    row.Status = TenantStatus.Deleting;
                    row.Version++;
                    row.UpdatedAt = Now();
                    await RevokeAllAsync(context, row);
                    AuditLog.Note(context, actor, AuditAction.TenantDelete, row.Id, before, AuditFacts.Of(row), time.GetUtcNow());
                    await context.SaveChangesAsync();
                    return (TenantChangeStatus.Done, row);
                });
                keys.RefreshSoon();
                return new TenantChangeResult(status, row is null ? null : await DescribeAsync(row, apply: status is TenantChangeStatus.Done));
            }
            catch (DbUpdateConcurrencyException) when (race < RacesMax)
            {
                // Another process changed the row between our read and our write: read it again.
            }
        }
    }

    /// <summary>Tenants that are being deleted, in ordinal order of their ids, at most <see cref="DeletingMax"/>.</summary>
    internal async Task<IReadOnlyList<TenantId>> DeletingAsync()
    {
        var ids = await records.ReadAsync(RecordsScope.AllTenants, context => context.Tenants.AsNoTracking()
            .Where(tenant => tenant.Status == TenantStatus.Deleting)
            .OrderBy(tenant => tenant.Id)
            .Select(tenant => tenant.Id)
            .Take(DeletingMax)
            .ToListAsync());
        return ids.ConvertAll(TenantId.Parse);
    }

    /// <summary>Makes a tenant that was being deleted a tombstone. Nothing happens where it is none, or lives again.</summary>
    internal async Task FinishDeletionAsync(TenantId id, long epoch)
    {
        try
        {
            await records.WriteAsync(RecordsScope.Of(id), async context =>
            {
                var row = await context.TenantForUpdate(id).SingleOrDefaultAsync();
                if (row is { Status: TenantStatus.Deleting } && row.Epoch == epoch)
                {
                    var before = AuditFacts.Of(row);
                    row.Status = TenantStatus.Deleted;
                    row.Version++;
                    row.UpdatedAt = Now();
                    await RevokeAllAsync(context, row);
                    AuditLog.Note(context, Actor.System("removal"), AuditAction.TenantDeleted, row.Id, before, AuditFacts.Of(row), time.GetUtcNow());
                    return await context.SaveChangesAsync();
                }

                return 0;
            });
        }
        catch (DbUpdateConcurrencyException)
        {
            // Another process finished it.
        }

        keys.RefreshSoon();
    }

    private static async Task RevokeAllAsync(RecordsContext context, TenantRow row)
    {
        await foreach (var key in InForce(context, TenantId.Parse(row.Id), row.UpdatedAt).AsAsyncEnumerable())
        {
            key.RevokedAt = row.UpdatedAt;
        }
    }
}
