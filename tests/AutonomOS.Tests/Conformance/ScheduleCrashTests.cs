using AutonomOS.Reconciliation;
using AutonomOS.Storage;
using AutonomOS.Tests.Conformance.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Conformance;

/// <summary>
/// The reconciler's schedule dies in the middle: some tenants are put off and were not visited. The next reconciler must
/// find their due jobs all the same, within an audit interval.
/// </summary>
public abstract class ScheduleCrashTests(StoreFixture store) : ConformanceTests(store)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Due_DiesAfterAnyWrite_DelayedJobsAreStillPromoted(int writes)
    {
        var tenants = new[] { await TenantAsync(), await TenantAsync(), await TenantAsync() };
        foreach (var tenant in tenants)
        {
            await SubmitAsync(tenant, Job(delayMs: 1));
        }

        var script = ScriptCatalog.CrashingAfter("due", writes)["due"];
        await UntilAsync(
            async () =>
            {
                var heads = await Connection.Database.SortedSetRangeByScoreAsync(StoreKeys.Tenants, stop: Connection.NowMs);
                return heads.Length > writes;
            },
            "the tenants are due");
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => Connection.EvaluateAsync(script, [StoreKeys.Tenants], [1000, 200], write: true, Ct));

        await using var reconciler = new Reconciler(Connection, new ReconcilerOptions { AuditIntervalMs = 500 }, TimeProvider.System, NullLogger<Reconciler>.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = reconciler.RunAsync(stop.Token);
        await UntilAsync(async () => (await Task.WhenAll(tenants.Select(UsageAsync))).All(u => u is { Delayed: 0, Queued: 1 }), "all are promoted");
        await stop.CancelAsync();
        await running;

        Assert.Equal(tenants.Length, (await DrainAsync()).Count);
    }
}

public sealed class ScheduleCrashesOnGarnet(EmbeddedFixture store) : ScheduleCrashTests(store), IClassFixture<EmbeddedFixture>;

public sealed class ScheduleCrashesOnRedis(RedisFixture store) : ScheduleCrashTests(store), IClassFixture<RedisFixture>;
