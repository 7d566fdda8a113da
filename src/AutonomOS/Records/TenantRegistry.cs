using System.ComponentModel.DataAnnotations;
using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Records;

/// <summary>
/// Creates and changes tenants and their keys. Every change is written to the records and then applied to the store,
/// never the other way round: the records issue epochs and versions, and the store ignores what is older than it knows.
/// Each act is written to the audit log in the same transaction. Thread-safe, and safe beside other processes on the
/// same records.
/// </summary>
/// <remarks>Every method throws <see cref="RecordsUnavailableException"/> when the records do not answer. A store that is away fails nothing here: see <see cref="Tenant.Applied"/>.</remarks>
public sealed partial class TenantRegistry(RecordsDatabase records, TenantPublisher publisher, ApiKeyCache keys, TimeProvider time)
{
    /// <summary>Keys that one tenant may have in force at once.</summary>
    public const int KeysMax = 100;

    /// <summary>The longest that a rotated key stays in force beside its successor: 7 days, in seconds.</summary>
    public const int OverlapSecondsMax = 7 * 24 * 3600;

    /// <summary>How long it does unless said otherwise: one hour, in seconds.</summary>
    public const int OverlapSecondsDefault = 3600;

    /// <summary>The most tenants on a page.</summary>
    public const int PageMax = 200;

    /// <summary>How often a change without an expected version is tried again after losing a race.</summary>
    private const int RacesMax = 50;

    /// <summary>Creates a tenant. An id whose tenant was deleted begins a new life with the next epoch.</summary>
    /// <param name="actor">Who does it.</param>
    /// <param name="id">Its id.</param>
    /// <param name="weight">1 to <see cref="TenantSettings.WeightMax"/>.</param>
    /// <param name="limits">Its limits.</param>
    /// <returns>Done, or Exists: of two that create the same id at once, one.</returns>
    /// <exception cref="ValidationException">The weight or a limit is out of range.</exception>
    public async Task<TenantChangeResult> CreateAsync(Actor actor, TenantId id, int weight, TenantLimits limits)
    {
        Validate(weight, limits);
        var (status, row) = await records.WriteAsync<(TenantChangeStatus, TenantRow?)>(RecordsScope.Of(id), async context =>
        {
            var now = Now();
            var row = await context.TenantForUpdate(id).SingleOrDefaultAsync();
            if (row is { Status: not TenantStatus.Deleted })
            {
                return (TenantChangeStatus.Exists, row);
            }

            var before = row is null ? null : AuditFacts.Of(row);
            if (row is null)
            {
                row = new TenantRow
                {
                    Id = id.Value,
                    Epoch = 1,
                    Status = TenantStatus.Active,
                    Weight = weight,
                    MaxConcurrent = limits.MaxConcurrent,
                    MaxQueued = limits.MaxQueued,
                    PayloadBytesMax = limits.PayloadBytesMax,
                    ResultBytesMax = limits.ResultBytesMax,
                    ErrorBytesMax = limits.ErrorBytesMax,
                    TotalPayloadBytesMax = limits.TotalPayloadBytesMax,
                    RetentionSeconds = limits.RetentionSeconds,
                    Version = 1,
                    CreatedAt = now,
                    UpdatedAt = now,
                };
                context.Tenants.Add(row);
            }
            else
            {
                row.Epoch++;
                row.Version++;
                row.Status = TenantStatus.Active;
                row.UpdatedAt = now;
                row.Take(weight, limits);
                // Keys of the former life must not open the new one.
                await RevokeAllAsync(context, row);
            }

            AuditLog.Note(context, actor, AuditAction.TenantCreate, row.Id, before, AuditFacts.Of(row), time.GetUtcNow());

            try
            {
                await context.SaveChangesAsync();
                return (TenantChangeStatus.Done, row);
            }
            catch (DbUpdateException error) when (error is DbUpdateConcurrencyException || records.IsKeyTaken(error))
            {
                return (TenantChangeStatus.Exists, null);
            }
        });
        return new TenantChangeResult(status, row is null ? null : await DescribeAsync(row, apply: status is TenantChangeStatus.Done));
    }

    /// <summary>One tenant, or null. Deleted tenants are not found.</summary>
    public async Task<Tenant?> GetAsync(TenantId id)
    {
        var row = await records.ReadAsync(RecordsScope.Of(id), context => context.Tenants.AsNoTracking()
            .SingleOrDefaultAsync(tenant => tenant.Id == id.Value && tenant.Status != TenantStatus.Deleted));
        return row is null ? null : Describe(row);
    }

    /// <summary>A page of tenants, in ordinal order of their ids, the deleted ones left out.</summary>
    /// <param name="after">The id after which to begin; null for the first page.</param>
    /// <param name="count">1 to <see cref="PageMax"/>.</param>
    public async Task<TenantPage> ListAsync(TenantId? after, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, PageMax);
        var rows = await records.ReadAsync(RecordsScope.AllTenants, context => Page(context, after, count + 1).ToListAsync());
        var page = rows.Take(count).Select(Describe).ToList();
        return new TenantPage(page, rows.Count > count ? page[^1].Settings.Id : null);
    }

    /// <summary>Changes weight and limits.</summary>
    /// <param name="actor">Who does it.</param>
    /// <param name="id">The tenant.</param>
    /// <param name="expectedVersion">The version that the change was made against; null changes whatever is there.</param>
    /// <param name="change">Makes the new weight and limits from the present ones; may be called more than once.</param>
    /// <exception cref="ValidationException">The new weight or a new limit is out of range.</exception>
    public Task<TenantChangeResult> ChangeAsync(Actor actor, TenantId id, long? expectedVersion, Func<int, TenantLimits, (int Weight, TenantLimits Limits)> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return UpdateAsync(actor, AuditAction.TenantChange, id, expectedVersion, row =>
        {
            var settings = row.ToSettings();
            var (weight, limits) = change(settings.Weight, settings.Limits);
            Validate(weight, limits);
            row.Take(weight, limits);
            return true;
        });
    }

    /// <summary>Stops admission and dispatch; what runs goes on. Suspending a suspended tenant changes nothing.</summary>
    public Task<TenantChangeResult> SuspendAsync(Actor actor, TenantId id, long? expectedVersion) =>
        SetStatusAsync(actor, AuditAction.TenantSuspend, id, expectedVersion, TenantStatus.Suspended);

    /// <summary>Ends a suspension. Resuming an active tenant changes nothing.</summary>
    public Task<TenantChangeResult> ResumeAsync(Actor actor, TenantId id, long? expectedVersion) =>
        SetStatusAsync(actor, AuditAction.TenantResume, id, expectedVersion, TenantStatus.Active);

    /// <summary>Issues a key to an active or suspended tenant.</summary>
    /// <param name="actor">Who does it.</param>
    /// <param name="id">The tenant.</param>
    public async Task<IssuedKey> IssueKeyAsync(Actor actor, TenantId id)
    {
        var key = ApiKey.New();
        var now = Now();
        var status = await records.WriteAsync(RecordsScope.Of(id), async context =>
        {
            if (await RefuseKeyAsync(context, id) is { } refused)
            {
                return refused;
            }

            if (await InForce(context, id, now).CountAsync() >= KeysMax)
            {
                return TenantChangeStatus.TooManyKeys;
            }

            var row = NewKey(context, id, key, now);
            AuditLog.Note(context, actor, AuditAction.KeyIssue, id.Value, null, AuditFacts.Of(row), time.GetUtcNow());
            await context.SaveChangesAsync();
            return TenantChangeStatus.Done;
        });
        return new IssuedKey(status, status is TenantChangeStatus.Done ? key : null, now);
    }

    /// <summary>
    /// Issues a key in place of another, which stays in force for <paramref name="overlap"/>, so that those who use it can
    /// change over without a gap. Rotating the old one once more issues another key and never prolongs the old one's time.
    /// </summary>
    /// <param name="actor">Who does it.</param>
    /// <param name="id">The tenant.</param>
    /// <param name="keyId">The old key; it must be in force.</param>
    /// <param name="overlap">0 (the old one is revoked at once) to <see cref="OverlapSecondsMax"/>.</param>
    public async Task<RotatedKey> RotateKeyAsync(Actor actor, TenantId id, string keyId, TimeSpan overlap)
    {
        ArgumentNullException.ThrowIfNull(keyId);
        ArgumentOutOfRangeException.ThrowIfLessThan(overlap, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(overlap, TimeSpan.FromSeconds(OverlapSecondsMax));
        var key = ApiKey.New();
        var now = Now();
        var (status, end) = await records.WriteAsync<(TenantChangeStatus, DateTimeOffset)>(RecordsScope.Of(id), async context =>
        {
            if (await RefuseKeyAsync(context, id) is { } refused)
            {
                return (refused, default);
            }

            var old = await context.ApiKeys.SingleOrDefaultAsync(row => row.TenantId == id.Value && row.Id == keyId);
            if (old is null)
            {
                return (TenantChangeStatus.NoSuchKey, default);
            }

            if (old.RevokedAt <= now)
            {
                return (TenantChangeStatus.KeyRevoked, default);
            }

            // The old key counts as long as it is in force beside the new one.
            if (await InForce(context, id, now).CountAsync(row => overlap > TimeSpan.Zero || row.Id != keyId) >= KeysMax)
            {
                return (TenantChangeStatus.TooManyKeys, default);
            }

            var before = AuditFacts.Of(old);
            var until = now + overlap;
            old.RevokedAt = old.RevokedAt < until ? old.RevokedAt : until;
            var made = NewKey(context, id, key, now);
            AuditLog.Note(context, actor, AuditAction.KeyRotate, id.Value, before, AuditFacts.Of(old, made), time.GetUtcNow());
            await context.SaveChangesAsync();
            return (TenantChangeStatus.Done, old.RevokedAt!.Value);
        });
        keys.Forget(keyId);
        return new RotatedKey(status, status is TenantChangeStatus.Done ? key : null, now, end);
    }

    /// <summary>The newest keys of a tenant, revoked ones included, at most <paramref name="count"/>; null when there is no such tenant.</summary>
    public async Task<IReadOnlyList<ApiKeyInfo>?> ListKeysAsync(TenantId id, int count)
    {
        if (await GetAsync(id) is null)
        {
            return null;
        }

        var now = Now();
        return await records.ReadAsync(RecordsScope.Of(id), context => context.ApiKeys.AsNoTracking()
            .Where(row => row.TenantId == id.Value)
            .OrderBy(row => row.RevokedAt != null && row.RevokedAt <= now).ThenByDescending(row => row.CreatedAt).ThenBy(row => row.Id)
            .Take(count)
            .Select(row => new ApiKeyInfo(row.Id, row.CreatedAt, row.RevokedAt))
            .ToListAsync());
    }

    /// <summary>Revokes a key: at once here, within <see cref="ApiKeyCache.RevocationMs"/> in other processes. Revoking it again changes nothing.</summary>
    /// <returns>False when the tenant has no such key.</returns>
    public async Task<bool> RevokeKeyAsync(Actor actor, TenantId id, string keyId)
    {
        ArgumentNullException.ThrowIfNull(keyId);
        var now = Now();
        var found = await records.WriteAsync(RecordsScope.Of(id), async context =>
        {
            await context.TenantForUpdate(id).SingleOrDefaultAsync();
            var row = await context.ApiKeys.SingleOrDefaultAsync(key => key.TenantId == id.Value && key.Id == keyId);
            if (row is not null && (row.RevokedAt is not { } revoked || revoked > now))
            {
                var before = AuditFacts.Of(row);
                row.RevokedAt = now;
                AuditLog.Note(context, actor, AuditAction.KeyRevoke, id.Value, before, AuditFacts.Of(row), time.GetUtcNow());
                await context.SaveChangesAsync();
            }

            return row is not null;
        });
        if (found)
        {
            keys.Forget(keyId);
        }

        return found;
    }

    internal static IQueryable<TenantRow> Page(RecordsContext context, TenantId? after, int count)
    {
        var rows = context.Tenants.AsNoTracking().Where(tenant => tenant.Status != TenantStatus.Deleted);
        if (after is { } last)
        {
            rows = rows.Where(tenant => string.Compare(tenant.Id, last.Value) > 0);
        }

        return rows.OrderBy(tenant => tenant.Id).Take(count);
    }

    /// <summary>Keys that open the tenant's door now, those on their way out included.</summary>
    private static IQueryable<ApiKeyRow> InForce(RecordsContext context, TenantId id, DateTimeOffset now) =>
        context.ApiKeys.Where(row => row.TenantId == id.Value && (row.RevokedAt == null || row.RevokedAt > now));

    private static ApiKeyRow NewKey(RecordsContext context, TenantId id, ApiKey key, DateTimeOffset now)
    {
        var row = new ApiKeyRow { TenantId = id.Value, Id = key.Id, SecretHash = key.Hash(), CreatedAt = now };
        context.ApiKeys.Add(row);
        return row;
    }

    /// <summary>Why the tenant gets no key, or null. Keeps its row, so that keys issued at once are counted one after the other.</summary>
    private static async Task<TenantChangeStatus?> RefuseKeyAsync(RecordsContext context, TenantId id) =>
        await context.TenantForUpdate(id).SingleOrDefaultAsync() switch
        {
            null or { Status: TenantStatus.Deleted } => TenantChangeStatus.NotFound,
            { Status: TenantStatus.Deleting } => TenantChangeStatus.Gone,
            _ => null,
        };

    private static void Validate(int weight, TenantLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        Validator.ValidateObject(limits, new ValidationContext(limits), validateAllProperties: true);
        if (weight is < 1 or > TenantSettings.WeightMax)
        {
            throw new ValidationException($"A weight is from 1 to {TenantSettings.WeightMax}.");
        }
    }

    private async Task<TenantChangeResult> SetStatusAsync(Actor actor, string action, TenantId id, long? expectedVersion, TenantStatus status)
    {
        var result = await UpdateAsync(actor, action, id, expectedVersion, row =>
        {
            if (row.Status == status)
            {
                return false;
            }

            row.Status = status;
            return true;
        });
        keys.RefreshSoon();
        return result;
    }

    /// <summary>Reads, changes and writes one row; a lost race is told (with an expected version) or run again (without).</summary>
    private async Task<TenantChangeResult> UpdateAsync(Actor actor, string action, TenantId id, long? expectedVersion, Func<TenantRow, bool> change)
    {
        for (var race = 0; ; race++)
        {
            try
            {
                var (status, row) = await records.WriteAsync(RecordsScope.Of(id), async context =>
                {
                    var row = await context.TenantForUpdate(id).SingleOrDefaultAsync();
                    if (row is null or { Status: TenantStatus.Deleted })
                    {
                        return (TenantChangeStatus.NotFound, null);
                    }

                    if (expectedVersion is { } expected && row.Version != expected)
                    {
                        return (TenantChangeStatus.VersionConflict, row);
                    }

                    if (row.Status is TenantStatus.Deleting)
                    {
                        return (TenantChangeStatus.Gone, row);
                    }

                    var before = AuditFacts.Of(row);
                    if (change(row))
                    {
                        row.Version++;
                        row.UpdatedAt = Now();
                        AuditLog.Note(context, actor, action, row.Id, before, AuditFacts.Of(row), time.GetUtcNow());
                        await context.SaveChangesAsync();
                    }

                    return (TenantChangeStatus.Done, (TenantRow?)row);
                });
                return new TenantChangeResult(status, row is null ? null : await DescribeAsync(row, apply: status is TenantChangeStatus.Done));
            }
            catch (DbUpdateConcurrencyException) when (expectedVersion is not null)
            {
                return new TenantChangeResult(TenantChangeStatus.VersionConflict, await GetAsync(id));
            }
            catch (DbUpdateConcurrencyException) when (race < RacesMax)
            {
                // Another process changed the row between our read and our write: read it again.
            }
        }
    }

    private Tenant Describe(TenantRow row)
    {
        var settings = row.ToSettings();
        return new Tenant(settings, row.CreatedAt, row.UpdatedAt, publisher.IsApplied(settings));
    }

    private async Task<Tenant> DescribeAsync(TenantRow row, bool apply)
    {
        if (apply)
        {
            await publisher.ApplyAsync(row.ToSettings());
        }

        return Describe(row);
    }

    /// <summary>In whole milliseconds, as the records keep it.</summary>
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
}
