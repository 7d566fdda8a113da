using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Records;

/// <summary>Who presented a key, as last read from the records. Immutable; ask <see cref="ApiKeyCache.IsCurrent"/> whether it still holds.</summary>
/// <param name="KeyId">The public half of the key.</param>
/// <param name="Tenant">The tenant it belongs to.</param>
/// <param name="Epoch">The tenant's epoch.</param>
/// <param name="Status">The tenant's status.</param>
public sealed record TenantIdentity(string KeyId, TenantId Tenant, long Epoch, TenantStatus Status);

/// <summary>What became of a key that was presented.</summary>
public enum AuthenticationStatus
{
    /// <summary>The key is in force.</summary>
    Known,

    /// <summary>No such key, a wrong secret, or a revoked key: they look the same from outside.</summary>
    Unknown,

    /// <summary>The key is not in the cache and the records do not answer: nothing can be said of it.</summary>
    RecordsUnavailable,

    /// <summary>Too many keys were looked up for the first time within a second.</summary>
    TooManyLookups,
}

/// <summary>The answer to a presented key.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Identity">Whose it is, when known.</param>
public readonly record struct Authentication(AuthenticationStatus Status, TenantIdentity? Identity = null);

/// <summary>The keys in use, kept in memory so that no request waits for the records. Thread-safe.</summary>
/// <remarks>
/// A key is read from the records when it is first presented. From then on a loop of its own reads all kept keys again
/// every <see cref="RefreshMs"/>, so a revocation by any process takes effect within <see cref="RevocationMs"/> although
/// no request ever asks. When the records are away the loop learns nothing, and kept keys go on working; a key that is
/// not kept then gets "cannot say", never "no". First lookups are limited in rate, so that made-up keys cannot keep
/// the records busy.
/// </remarks>
public sealed partial class ApiKeyCache : BackgroundService
{
    private readonly RecordsDatabase _records;
    private readonly TimeProvider _time;
    private readonly ILogger<ApiKeyCache> _log;
    private readonly ConcurrentDictionary<string, Entry> _keys = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly TokenBucketRateLimiter _lookups = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = LookupsBurst,
        TokensPerPeriod = LookupsPerSecond / 10,
        ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
        QueueLimit = 0,
    });

    /// <summary>Made by the container.</summary>
    public ApiKeyCache(RecordsDatabase records, TimeProvider time, ILogger<ApiKeyCache> log)
    {
        _records = records;
        _time = time;
        _log = log;
    }

    /// <summary>How often kept keys are read again, in milliseconds.</summary>
    public const int RefreshMs = 1500;

    /// <summary>Within this time a revocation is in force in every process whose records answer, in milliseconds.</summary>
    public const int RevocationMs = 5000;

    /// <summary>Keys read from the records for the first time, a second, sustained.</summary>
    public const int LookupsPerSecond = 200;

    /// <summary>Keys read from the records for the first time, in a burst.</summary>
    public const int LookupsBurst = 2000;

    /// <summary>Keys kept. Beyond that, those not used for longest are dropped and read again when they come back.</summary>
    public const int KeysMax = 100_000;

    /// <summary>A key not used for this long is dropped, in milliseconds.</summary>
    public const long IdleMs = 30 * 60 * 1000;

    private const int ChunkCount = 500;

    /// <summary>Says whose key this is.</summary>
    /// <param name="presented">What the caller sent, whatever it is.</param>
    public async Task<Authentication> AuthenticateAsync(string? presented)
    {
        if (!ApiKey.TryParse(presented, out var key))
        {
            return new(AuthenticationStatus.Unknown);
        }

        if (_keys.TryGetValue(key.Id, out var kept))
        {
            kept.UsedAt = _time.GetTimestamp();
            return key.Matches(kept.Hash) && IsInForce(kept) ? new(AuthenticationStatus.Known, kept.Identity) : new(AuthenticationStatus.Unknown);
        }

        using var lease = _lookups.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            return new(AuthenticationStatus.TooManyLookups);
        }

        List<Found> found;
        try
        {
            found = await ReadAsync([key.Id]);
        }
        catch (RecordsUnavailableException)
        {
            return new(AuthenticationStatus.RecordsUnavailable);
        }

        var match = found.FirstOrDefault(candidate => key.Matches(candidate.Hash));
        if (match is null)
        {
            return new(AuthenticationStatus.Unknown);
        }

        var entry = new Entry(match) { UsedAt = _time.GetTimestamp() };
        _keys[key.Id] = entry;
        return new(AuthenticationStatus.Known, entry.Identity);
    }

    /// <summary>Whether the key behind an identity is still in force, and what its tenant's status is by now. Never waits.</summary>
    public bool IsCurrent(TenantIdentity identity, out TenantStatus status)
    {
        ArgumentNullException.ThrowIfNull(identity);
        if (_keys.TryGetValue(identity.KeyId, out var kept) && kept.Identity.Tenant == identity.Tenant && kept.Identity.Epoch == identity.Epoch && IsInForce(kept))
        {
            kept.UsedAt = _time.GetTimestamp();
            status = kept.Identity.Status;
            return true;
        }

        status = default;
        return false;
    }

    /// <summary>Drops a key; the next one who presents it asks the records.</summary>
    public void Forget(string keyId) => _keys.TryRemove(keyId, out _);

    /// <summary>Reads all kept keys again now instead of at the next turn.</summary>
    public void RefreshSoon()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already woken.
        }
    }

    /// <summary>Reads all kept keys again and drops those revoked, gone or long unused.</summary>
    /// <exception cref="RecordsUnavailableException">The records did not answer; what is kept stays as it was.</exception>
    public async Task RefreshAsync()
    {
        DropUnused();
        foreach (var chunk in _keys.ToArray().Chunk(ChunkCount))
        {
            var found = (await ReadAsync([.. chunk.Select(pair => pair.Key)])).ToLookup(row => row.Identity.KeyId, StringComparer.Ordinal);
            foreach (var (id, before) in chunk)
            {
                var now = found[id].FirstOrDefault(row => row.Hash.AsSpan().SequenceEqual(before.Hash));
                if (now is null)
                {
                    _keys.TryRemove(new KeyValuePair<string, Entry>(id, before));
                }
                else if (now.Identity != before.Identity || now.RevokedAt != before.RevokedAt)
                {
                    // Only in place of what was there: a key forgotten in the meantime must not come back.
                    _keys.TryUpdate(id, new Entry(now) { UsedAt = before.UsedAt }, before);
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var away = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _wake.WaitAsync(TimeSpan.FromMilliseconds(RefreshMs), stoppingToken);
                await RefreshAsync();
                away = false;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (RecordsUnavailableException)
            {
                if (!away)
                {
                    away = true;
                    LogAway();
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _wake.Dispose();
        _lookups.Dispose();
        base.Dispose();
    }

    private bool IsInForce(Entry kept) => kept.RevokedAt is not { } revoked || revoked > _time.GetUtcNow();

    private void DropUnused()
    {
        var now = _time.GetTimestamp();
        foreach (var idle in _keys.Where(pair => _time.GetElapsedTime(pair.Value.UsedAt, now).TotalMilliseconds >= IdleMs))
        {
            _keys.TryRemove(idle);
        }

        if (_keys.Count is var count and > KeysMax)
        {
            foreach (var oldest in _keys.OrderBy(pair => pair.Value.UsedAt).Take(count - KeysMax))
            {
                _keys.TryRemove(oldest);
            }
        }
    }

    private Task<List<Found>> ReadAsync(string[] ids) => _records.ReadAsync(RecordsScope.AllTenants, async context =>
    {
        var now = _time.GetUtcNow();
        var rows = await (
            from key in context.ApiKeys.AsNoTracking()
            join tenant in context.Tenants.AsNoTracking() on key.TenantId equals tenant.Id
            where ids.Contains(key.Id) && (key.RevokedAt == null || key.RevokedAt > now) && tenant.Status != TenantStatus.Deleted
            select new { key.Id, key.TenantId, key.SecretHash, key.RevokedAt, tenant.Epoch, tenant.Status }).ToListAsync();
        return rows.ConvertAll(row => new Found(row.SecretHash, row.RevokedAt, new TenantIdentity(row.Id, TenantId.Parse(row.TenantId), row.Epoch, row.Status)));
    });

    [LoggerMessage(Level = LogLevel.Warning, Message = "The records do not answer. Keys already in use go on working; a key seen for the first time gets records_unavailable.")]
    private partial void LogAway();

    private sealed record Found(byte[] Hash, DateTimeOffset? RevokedAt, TenantIdentity Identity);

    private sealed class Entry(Found found)
    {
        private long _usedAt;

        public byte[] Hash => found.Hash;

        public TenantIdentity Identity => found.Identity;

        /// <summary>May lie ahead: a key that was rotated stays in force for a while.</summary>
        public DateTimeOffset? RevokedAt => found.RevokedAt;

        public long UsedAt
        {
            get => Volatile.Read(ref _usedAt);
            set => Volatile.Write(ref _usedAt, value);
        }
    }
}
