using System.Threading.RateLimiting;
using AutonomOS.Tenants;

namespace AutonomOS.Host.Api;

/// <summary>How fast one tenant may call, and how much it may have open at once. A flood of requests is a noisy neighbour as well.</summary>
internal sealed record TenantRateOptions
{
    /// <summary>Requests of one tenant a second, sustained. Default 5,000.</summary>
    public int RequestsPerSecond { get; init; } = 5000;

    /// <summary>Requests of one tenant in a burst. Default 10,000.</summary>
    public int RequestsBurst { get; init; } = 10_000;

    /// <summary>Requests of one tenant under way at once. Default 256.</summary>
    public int RequestsConcurrent { get; init; } = 256;

    /// <summary>Event streams of one tenant open at once. Default 100.</summary>
    public int StreamsConcurrent { get; init; } = 100;
}

/// <summary>The limits in force, a bucket and two counters a tenant. Nothing queues: what does not fit is refused at once.</summary>
internal sealed class TenantRateLimits(TenantRateOptions options) : IDisposable
{
    private const int PeriodMs = 100;

    private readonly PartitionedRateLimiter<TenantId> _rate = PartitionedRateLimiter.Create<TenantId, TenantId>(tenant =>
        RateLimitPartition.GetTokenBucketLimiter(tenant, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = Math.Max(1, options.RequestsBurst),
            TokensPerPeriod = Math.Max(1, options.RequestsPerSecond * PeriodMs / 1000),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(PeriodMs),
            QueueLimit = 0,
        }));

    private readonly PartitionedRateLimiter<TenantId> _requests = Concurrent(options.RequestsConcurrent);
    private readonly PartitionedRateLimiter<TenantId> _streams = Concurrent(options.StreamsConcurrent);

    /// <summary>A place for one request, to be disposed when it is over; null when there is none.</summary>
    public IDisposable? TryEnter(TenantId tenant, ApiAudience audience)
    {
        // The place first: a request refused for want of one must not cost a token.
        var place = (audience is ApiAudience.TenantStream ? _streams : _requests).AttemptAcquire(tenant);
        if (!place.IsAcquired)
        {
            place.Dispose();
            return null;
        }

        using var token = _rate.AttemptAcquire(tenant);
        if (token.IsAcquired)
        {
            return place;
        }

        place.Dispose();
        return null;
    }

    public void Dispose()
    {
        _rate.Dispose();
        _requests.Dispose();
        _streams.Dispose();
    }

    private static PartitionedRateLimiter<TenantId> Concurrent(int permits) =>
        PartitionedRateLimiter.Create<TenantId, TenantId>(tenant =>
            RateLimitPartition.GetConcurrencyLimiter(tenant, _ => new ConcurrencyLimiterOptions { PermitLimit = permits, QueueLimit = 0 }));
}
