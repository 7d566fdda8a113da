using System.Diagnostics.Metrics;
using AutonomOS.Scheduling;
using AutonomOS.Storage;
using AutonomOS.Tests.Conformance.Stores;

namespace AutonomOS.Tests.Conformance;

/// <summary>The exported gap between tenants beside its bound.</summary>
public abstract class FairnessMonitorTests(StoreFixture store) : ConformanceTests(store)
{
    private const int Slots = 4;

    [Fact]
    public async Task SampleAsync_OneReadyTenant_HasNoGap()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant, 1);

        var sample = await new FairnessMonitor(Connection).SampleAsync(Pool, Slots, Ct);

        Assert.Equal(1, sample.Ready);
        Assert.Equal(0, sample.GapMs);
    }

    [Fact]
    public async Task SampleAsync_AfterClaims_TellsTheGapWithinTheBound()
    {
        var (a, b) = (await TenantAsync(), await TenantAsync());
        await SubmitAsync(a, 5);
        await SubmitAsync(b, 5);
        var claimed = await Work.ClaimAsync(new() { Pool = Pool, WorkerId = "w", Slots = 1 }, Ct);

        var sample = await new FairnessMonitor(Connection).SampleAsync(Pool, Slots, Ct);

        Assert.Single(claimed.Jobs);
        Assert.Equal(2, sample.Ready);
        // One job was charged at the first estimate of 10 ms, to one of the two.
        Assert.Equal(10, sample.GapMs, 3);
        Assert.Equal(((3 * Slots) + 1) * (10 + 10), sample.BoundMs, 3);
    }

    [Fact]
    public async Task SampleAsync_ATenantLeftFarBehind_IsBeyondTheBound_AndExported()
    {
        var (a, b) = (await TenantAsync(), await TenantAsync());
        await SubmitAsync(a, 5);
        await SubmitAsync(b, 5);
        // As a scheduler leaves it that serves one tenant only.
        await Connection.Database.SortedSetIncrementAsync(StoreKeys.Ready(Pool), a.Id.Value, 10_000_000);
        var exported = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == FairnessMonitor.MeterName)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            if (Equals(tags[0].Value, Pool))
            {
                exported[instrument.Name] = value;
            }
        });
        listener.Start();

        var sample = await new FairnessMonitor(Connection).SampleAsync(Pool, Slots, Ct);
        listener.RecordObservableInstruments();

        Assert.True(sample.GapMs > sample.BoundMs, $"{sample}");
        Assert.Equal(sample.GapMs, exported["autonomos.pool.fairness.gap"]);
        Assert.Equal(sample.BoundMs, exported["autonomos.pool.fairness.bound"]);
    }
}

public sealed class FairnessMonitorOnGarnet(EmbeddedFixture store) : FairnessMonitorTests(store), IClassFixture<EmbeddedFixture>;

public sealed class FairnessMonitorOnRedis(RedisFixture store) : FairnessMonitorTests(store), IClassFixture<RedisFixture>;
