using System.Globalization;
using System.Security.Cryptography;
using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Records;

/// <summary>An administrative act that was done.</summary>
/// <param name="Id">Its id; ids sort by time.</param>
/// <param name="At">When, by the clock of the server that did it.</param>
/// <param name="Tenant">The tenant it was done to.</param>
/// <param name="Actor">Who did it: see <see cref="Records.Actor.Name"/>.</param>
/// <param name="Origin">From where: see <see cref="Records.Actor.Origin"/>.</param>
/// <param name="Action">What was done, as <c>tenant.change</c> or <c>key.revoke</c>.</param>
/// <param name="Before">What there was before, as JSON; null where there was nothing.</param>
/// <param name="After">What there was after, as JSON; null where nothing was left.</param>
public sealed record AuditEntry(string Id, DateTimeOffset At, TenantId Tenant, string Actor, string? Origin, string Action, string? Before, string? After);

/// <summary>
/// What was done to tenants and keys, by whom and when. An entry is written in the transaction of its act, so there is
/// none without the other; acts that were refused, or changed nothing, leave none. Thread-safe.
/// </summary>
/// <remarks>
/// Entries outlive their tenant and are removed after <see cref="RetentionDays"/>; until then the log grows with the
/// number of acts, by about 1 KB each. Methods throw <see cref="RecordsUnavailableException"/> when the records do not
/// answer.
/// </remarks>
public sealed class AuditLog(RecordsDatabase records)
{
    /// <summary>How long an entry is kept, in days.</summary>
    public const int RetentionDays = 400;

    /// <summary>The most entries on a page.</summary>
    public const int PageMax = 200;

    /// <summary>The most entries that one call of <see cref="PruneAsync"/> removes.</summary>
    public const int PruneMax = 1000;

    /// <summary>Characters of an entry's id.</summary>
    internal const int IdLength = 32;

    /// <summary>Whether <paramref name="text"/> has the form of an entry's id.</summary>
    public static bool IsId(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == IdLength && text.All(char.IsAsciiHexDigitLower);
    }

    /// <summary>A page of entries, newest first.</summary>
    /// <param name="tenant">Only those of this tenant, of all its lives; null for all.</param>
    /// <param name="before">The id of the last entry of the page before; null for the first page.</param>
    /// <param name="count">1 to <see cref="PageMax"/>.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>At most <paramref name="count"/> entries; fewer at the end.</returns>
    public async Task<IReadOnlyList<AuditEntry>> ListAsync(TenantId? tenant, string? before, int count, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, PageMax);
        var scope = tenant is { } one ? RecordsScope.Of(one) : RecordsScope.AllTenants;
        var rows = await records.ReadAsync(scope, context => Page(context, tenant, before, count).ToListAsync(cancellation));
        return rows.ConvertAll(row => new AuditEntry(row.Id, row.At, TenantId.Parse(row.TenantId), row.Actor, row.Origin, row.Action, row.Before, row.After));
    }

    /// <summary>Removes entries older than <see cref="RetentionDays"/>, oldest first. Call it again while it returns <paramref name="max"/>.</summary>
    /// <param name="now">The time that is counted back from.</param>
    /// <param name="max">The most to remove, 1 to <see cref="PruneMax"/>.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>How many were removed.</returns>
    public Task<int> PruneAsync(DateTimeOffset now, int max, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, PruneMax);
        var oldest = IdPrefix(now.AddDays(-RetentionDays));
        return records.WriteAsync(RecordsScope.AllTenants, context => context.Database.ExecuteSqlAsync(
            $"""
             DELETE FROM audit_entries WHERE (tenant_id, id) IN (
                 SELECT tenant_id, id FROM audit_entries WHERE id < {oldest} ORDER BY id LIMIT {max})
             """,
            cancellation));
    }

    /// <summary>Notes an act; it is written with what else the context saves.</summary>
    internal static void Note(RecordsContext context, Actor actor, string action, string tenant, string? before, string? after, DateTimeOffset at) =>
        context.AuditEntries.Add(new AuditRow
        {
            TenantId = tenant,
            Id = IdPrefix(at) + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
            At = at,
            Actor = actor.Name,
            Origin = actor.Origin,
            Action = action,
            Before = before,
            After = after,
        });

    internal static IQueryable<AuditRow> Page(RecordsContext context, TenantId? tenant, string? before, int count)
    {
        var rows = context.AuditEntries.AsNoTracking();
        if (tenant is { } one)
        {
            rows = rows.Where(row => row.TenantId == one.Value);
        }

        if (before is not null)
        {
            rows = rows.Where(row => string.Compare(row.Id, before) < 0);
        }

        return rows.OrderByDescending(row => row.Id).Take(count);
    }

    /// <summary>Two acts upon one tenant wait for each other, so the second reads the clock microseconds later at least.</summary>
    private static string IdPrefix(DateTimeOffset at) =>
        ((at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond).ToString("x16", CultureInfo.InvariantCulture);
}
