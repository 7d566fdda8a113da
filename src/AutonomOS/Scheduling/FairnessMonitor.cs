using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using StackExchange.Redis;

namespace AutonomOS.Scheduling;

/// <summary>
/// Looks at the pools' ready indexes and exports the gap between tenants beside its bound, as gauges
/// <c>autonomos.pool.fairness.gap</c> and <c>autonomos.pool.fairness.bound</c> (milliseconds of slot time per weight,
/// tagged with the pool). Thread-safe.
/// </summary>
/// <remarks>
/// It reads the two ends of an index and the two tenants there, whatever the number of tenants. An attempt under way
/// may be longer than any before it, so a gap above the bound for one sample is not yet a fault; one that stays there is.
/// </remarks>
public sealed class FairnessMonitor
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "AutonomOS.Scheduler";

    // The first attempt of a tenant is charged this estimate, so the bound cannot be finer (prelude.lua).
    private const double FirstEstimateMs = 10;

    private static readonly Meter Meter = new(MeterName);
    private static readonly ConcurrentDictionary<string, PoolFairness> Latest = new(StringComparer.Ordinal);

    private readonly StoreConnection _connection;

    static FairnessMonitor()
    {
        Meter.CreateObservableGauge("autonomos.pool.fairness.gap", static () => Measure(f => f.GapMs), "ms", "Slot time per weight between the ready tenants furthest ahead and furthest behind.");
        Meter.CreateObservableGauge("autonomos.pool.fairness.bound", static () => Measure(f => f.BoundMs), "ms", "What that gap may be at the worst.");
    }

    /// <summary>Made over a connection, which stays the caller's.</summary>
    public FairnessMonitor(StoreConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _connection = connection;
    }

    /// <summary>Samples one pool and exports what it found.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="slots">The slots of all its workers: N of the bound.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="StoreUnavailableException">The store did not answer.</exception>
    public async Task<PoolFairness> SampleAsync(string pool, int slots, CancellationToken cancellation = default)
    {
        var (ready, behind, ahead) = await _connection.RunAsync(
            async db =>
            {
                var key = StoreKeys.Ready(pool);
                var count = db.SortedSetLengthAsync(key);
                var first = db.SortedSetRangeByRankWithScoresAsync(key, 0, 0);
                var last = db.SortedSetRangeByRankWithScoresAsync(key, -1, -1);
                return (await count, (await first).FirstOrDefault(), (await last).FirstOrDefault());
            },
            write: false,
            cancellation);
        var sample = new PoolFairness(pool, (int)ready, 0, 0);
        if (TenantId.TryParse(behind.Element, out var f) && TenantId.TryParse(ahead.Element, out var g) && f != g)
        {
            var longest = await Task.WhenAll(LongestPerWeightMsAsync(f, pool, cancellation), LongestPerWeightMsAsync(g, pool, cancellation));
            sample = sample with { GapMs = (ahead.Score - behind.Score) / 1000, BoundMs = ((3 * slots) + 1) * longest.Sum() };
        }

        Latest[pool] = sample;
        return sample;
    }

    private static IEnumerable<Measurement<double>> Measure(Func<PoolFairness, double> value) =>
        Latest.Values.Select(f => new Measurement<double>(value(f), new KeyValuePair<string, object?>("pool", f.Pool)));

    private async Task<double> LongestPerWeightMsAsync(TenantId tenant, string pool, CancellationToken cancellation)
    {
        var fields = await _connection.RunAsync(
            db => db.HashGetAsync(StoreKeys.Meta(tenant), [(RedisValue)$"long:{pool}", "w"]), write: false, cancellation);
        var longestMs = fields[0].TryParse(out double us) ? us / 1000 : 0;
        var weight = fields[1].TryParse(out int w) ? w : 1;
        return Math.Max(longestMs, FirstEstimateMs) / weight;
    }
}
