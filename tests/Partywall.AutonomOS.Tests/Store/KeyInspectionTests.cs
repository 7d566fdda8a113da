using System.Globalization;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Partywall.AutonomOS.Store;
using Partywall.Targets;

namespace Partywall.AutonomOS.Tests.Store;

public sealed class KeyInspectionTests : IAsyncLifetime
{
    private static readonly TenantId Tenant = TenantId.Parse("a");
    private RedisServer _redis = null!;
    private StoreProbe _probe = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private KeyInspection Inspection => new(_probe, new HashSet<string>(StringComparer.Ordinal) { "was:there" });

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _probe = await StoreProbe.ConnectAsync(_redis.Endpoint, null, TimeProvider.System, 5_000, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_probe is not null)
        {
            await _probe.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task ListKeys_MoreThanOnePage_FindsEachOnceAndLeavesOutWhatWasThere()
    {
        const int Count = (3 * StoreProbe.ScanCount) + 7;
        var db = _probe.Connection.Database;
        await db.StringSetAsync("was:there", "x");
        await db.StringSetAsync("stray", "x");
        for (var i = 0; i < Count; i++)
        {
            await db.SortedSetAddAsync(StoreKeys.Semaphore(TenantId.Parse("t" + i.ToString(CultureInfo.InvariantCulture))), "x", 1);
        }

        var keys = await Inspection.ListKeysAsync(Cancellation);

        Assert.Equal(Count + 1, keys.Count);
        Assert.Equal(Count, keys.Select(static k => k.Tenant).OfType<string>().Distinct(StringComparer.Ordinal).Count());
        Assert.Equal("stray", Assert.Single(keys, static k => k.Ownership == KeyOwnership.Unknown).Key);
    }

    [Fact]
    public async Task Digest_SameContentsInAnotherOrder_IsTheSame()
    {
        var db = _probe.Connection.Database;
        await FillAsync(["x", "y", "z"]);
        var first = await Inspection.DigestAsync("a", Cancellation);
        await db.ExecuteAsync("FLUSHALL");
        await FillAsync(["z", "y", "x"]);
        await db.KeyExpireAsync(StoreKeys.Idempotency(Tenant, "k"), TimeSpan.FromMinutes(5));
        await db.HashSetAsync(StoreKeys.Meta(Tenant), "at:default", "12345");
        await db.SortedSetAddAsync(StoreKeys.Semaphore(TenantId.Parse("b")), "another tenant's", 1);

        Assert.Equal(first, await Inspection.DigestAsync("a", Cancellation));
    }

    [Fact]
    public async Task Digest_AnyChange_IsAnother()
    {
        var db = _probe.Connection.Database;
        await FillAsync(["x", "y"]);
        var seen = new HashSet<string>(StringComparer.Ordinal) { await Inspection.DigestAsync("a", Cancellation) };

        await db.HashSetAsync(StoreKeys.Meta(Tenant), "x", "changed");
        Assert.True(seen.Add(await Inspection.DigestAsync("a", Cancellation)), "hash field");
        await db.SortedSetAddAsync(StoreKeys.Jobs(Tenant), "x", 7.5);
        Assert.True(seen.Add(await Inspection.DigestAsync("a", Cancellation)), "score");
        await db.SortedSetRemoveAsync(StoreKeys.Jobs(Tenant), "y");
        Assert.True(seen.Add(await Inspection.DigestAsync("a", Cancellation)), "member");
        await db.StringSetAsync(StoreKeys.Idempotency(Tenant, "k"), "changed");
        Assert.True(seen.Add(await Inspection.DigestAsync("a", Cancellation)), "string");
        await db.KeyDeleteAsync(StoreKeys.Jobs(Tenant));
        Assert.True(seen.Add(await Inspection.DigestAsync("a", Cancellation)), "key");
    }

    [Fact]
    public async Task HeldSlots_OfTenants_AreTheirSemaphoresCounts()
    {
        var db = _probe.Connection.Database;
        await db.SortedSetAddAsync(StoreKeys.Semaphore(Tenant), "one", 1);
        await db.SortedSetAddAsync(StoreKeys.Semaphore(Tenant), "two", 2);

        var held = await Inspection.HeldSlotsAsync(["a", "idle"], Cancellation);

        Assert.Equal(2, held["a"]);
        Assert.Equal(0, held["idle"]);
    }

    private async Task FillAsync(string[] names)
    {
        var db = _probe.Connection.Database;
        foreach (var name in names)
        {
            await db.HashSetAsync(StoreKeys.Meta(Tenant), name, name + "-value");
            await db.SortedSetAddAsync(StoreKeys.Jobs(Tenant), name, name[0]);
        }

        await db.StringSetAsync(StoreKeys.Idempotency(Tenant, "k"), "v");
    }
}
