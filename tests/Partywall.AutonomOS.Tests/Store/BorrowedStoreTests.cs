using AutonomOS.Storage;
using AutonomOS.Tenants;
using Partywall.AutonomOS.Store;
using Partywall.Targets;

namespace Partywall.AutonomOS.Tests.Store;

/// <summary>A run on somebody's Redis never takes their keys for its own, and leaves none of its own behind.</summary>
public sealed class BorrowedStoreTests : IAsyncLifetime
{
    private static readonly TenantId Ours = TenantId.Parse("ours");
    private static readonly TenantId Theirs = TenantId.Parse("theirs");
    private RedisServer _redis = null!;
    private StoreProbe _probe = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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
    public async Task Borrow_StoreWithKeysOfSomebody_RefusesAndTouchesNothing()
    {
        await MakeAsync(Theirs);
        var before = await DumpAsync();

        var error = await Assert.ThrowsAsync<TargetException>(() => BorrowedStore.BorrowAsync(_probe, Cancellation));

        Assert.Contains("serves an AutonomOS already", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await DumpAsync());
    }

    [Fact]
    public async Task Borrow_StoreInUseByAnotherRun_Refuses()
    {
        await using var first = await BorrowedStore.BorrowAsync(_probe, Cancellation);

        var error = await Assert.ThrowsAsync<TargetException>(() => BorrowedStore.BorrowAsync(_probe, Cancellation));

        Assert.Contains("Another run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GiveBack_AfterARun_LeavesWhatWasThereAndNothingElse()
    {
        await _probe.Connection.Database.StringSetAsync("user:42", "theirs");
        var before = await DumpAsync();
        await using (var store = await BorrowedStore.BorrowAsync(_probe, Cancellation))
        {
            Assert.Contains("user:42", store.Foreign);
            await store.NoteAsync(Ours.Value, Cancellation);
            await MakeAsync(Ours);
            await store.GiveBackAsync(Cancellation);
        }

        Assert.Equal(before, await DumpAsync());
    }

    [Fact]
    public async Task GiveBack_TenantOfSomebodyElseAppeared_LeavesItAndSaysSo()
    {
        await using var store = await BorrowedStore.BorrowAsync(_probe, Cancellation);
        await store.NoteAsync(Ours.Value, Cancellation);
        await MakeAsync(Ours);
        await MakeAsync(Theirs);

        var error = await Assert.ThrowsAsync<TargetException>(() => store.GiveBackAsync(Cancellation));

        Assert.Contains("cannot tell that it made them", error.Message, StringComparison.Ordinal);
        var left = await _probe.KeysAsync("job:*", Cancellation);
        Assert.Contains(StoreKeys.Meta(Theirs), left);
        Assert.Contains(StoreKeys.Ready("default"), left);
        Assert.DoesNotContain(StoreKeys.Meta(Ours), left);
    }

    [Fact]
    public async Task GiveBack_KeyOfNobodyKnown_LeavesItAndSaysSo()
    {
        await using var store = await BorrowedStore.BorrowAsync(_probe, Cancellation);
        await _probe.Connection.Database.StringSetAsync("job:mystery", "x");

        var error = await Assert.ThrowsAsync<TargetException>(() => store.GiveBackAsync(Cancellation));

        Assert.Contains("job:mystery", error.Message, StringComparison.Ordinal);
        Assert.True(await _probe.Connection.Database.KeyExistsAsync("job:mystery"));
    }

    [Fact]
    public async Task Borrow_LeftoversOfAKilledRun_AreRemoved()
    {
        await using (var killed = await BorrowedStore.BorrowAsync(_probe, Cancellation))
        {
            await killed.NoteAsync(Ours.Value, Cancellation);
            await MakeAsync(Ours);
        }

        await using var store = await BorrowedStore.BorrowAsync(_probe, Cancellation);

        Assert.Empty(await _probe.KeysAsync("job:*", Cancellation));
    }

    [Fact]
    public async Task Borrow_LeftoversMixedWithSomebodysTenants_Refuses()
    {
        await using (var killed = await BorrowedStore.BorrowAsync(_probe, Cancellation))
        {
            await killed.NoteAsync(Ours.Value, Cancellation);
            await MakeAsync(Ours);
        }

        await _probe.Connection.Database.SortedSetAddAsync(StoreKeys.Tenants, Theirs.Value, 0);
        var before = await DumpAsync();

        await Assert.ThrowsAsync<TargetException>(() => BorrowedStore.BorrowAsync(_probe, Cancellation));

        Assert.Equal(before, await DumpAsync());
    }

    private async Task MakeAsync(TenantId tenant)
    {
        var db = _probe.Connection.Database;
        await db.HashSetAsync(StoreKeys.Meta(tenant), "st", "active");
        await db.SortedSetAddAsync(StoreKeys.Tenants, tenant.Value, 0);
        await db.SortedSetAddAsync(StoreKeys.Ready("default"), tenant.Value, 0);
    }

    private async Task<IReadOnlyList<string>> DumpAsync()
    {
        var dump = new List<string>();
        foreach (var key in (await _probe.KeysAsync(null, Cancellation)).Order(StringComparer.Ordinal))
        {
            dump.Add(key);
            dump.AddRange(await _probe.ContentsAsync(key, Cancellation));
        }

        return dump;
    }
}
