using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Tests.Records.Databases;
using static AutonomOS.Tests.Records.RecordsProcess;

namespace AutonomOS.Tests.Records;

/// <summary>What the store must be told again: after it was away, and after it lost everything.</summary>
public sealed class TenantPublisherTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Publisher_WithAStoreThatWasAwayAndComesBackEmpty_TellsItEverything()
    {
        RedisServer.Need();
        using var redis = await RedisServer.StartAsync();
        await using var process = await RecordsProcess.OpenAsync(new SqlitePlace(_directory.File("r.db")), redis.Options);
        var before = TenantId.Parse("before");
        var during = TenantId.Parse("during");
        Assert.True((await process.Tenants.CreateAsync(Who, before, 2, new TenantLimits())).Tenant!.Applied);
        await process.Publisher.StartAsync(TestContext.Current.CancellationToken);

        redis.Kill();
        Assert.False((await process.Tenants.CreateAsync(Who, during, 3, new TenantLimits())).Tenant!.Applied);
        await process.Tenants.ChangeAsync(Who, before, null, (_, limits) => (4, limits));
        await redis.RestartAsync();

        Assert.Equal(4, (await KnownAsync(process, before)).Weight);
        Assert.Equal(3, (await KnownAsync(process, during)).Weight);
        await UntilAsync(async () => (await process.Tenants.GetAsync(during))!.Applied);
        await process.Publisher.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Publisher_OnStart_TellsAStoreThatKnowsNothing()
    {
        RedisServer.Need();
        using var redis = await RedisServer.StartAsync();
        var id = TenantId.Parse("old");
        await using (var first = await RecordsProcess.OpenAsync(new SqlitePlace(_directory.File("r.db")), redis.Options))
        {
            await first.Tenants.CreateAsync(Who, id, 2, new TenantLimits());
        }

        redis.Kill();
        await redis.RestartAsync();
        await using var second = await RecordsProcess.OpenAsync(new SqlitePlace(_directory.File("r.db")), redis.Options);
        Assert.Null(await second.Store.UsageAsync(id, TestContext.Current.CancellationToken));

        await second.Publisher.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(2, (await KnownAsync(second, id)).Weight);
        await second.Publisher.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Apply_AnOlderVersion_NeverOverwritesANewerOne()
    {
        RedisServer.Need();
        using var redis = await RedisServer.StartAsync();
        await using var process = await RecordsProcess.OpenAsync(new SqlitePlace(_directory.File("r.db")), redis.Options);
        var id = TenantId.Parse("t");
        var old = (await process.Tenants.CreateAsync(Who, id, 1, new TenantLimits())).Tenant!.Settings;
        await process.Tenants.SuspendAsync(Who, id, null);

        Assert.True(await process.Publisher.ApplyAsync(old, TestContext.Current.CancellationToken));

        Assert.Equal((TenantStatus.Suspended, 2), ((await KnownAsync(process, id)).Status, (await KnownAsync(process, id)).Version));
    }

    private static async Task<TenantSettings> KnownAsync(RecordsProcess process, TenantId id)
    {
        TenantSettings? known = null;
        await UntilAsync(async () =>
        {
            try
            {
                known = (await process.Store.UsageAsync(id, TestContext.Current.CancellationToken))?.Settings;
            }
            catch (StoreUnavailableException)
            {
                return false;
            }

            return known is not null;
        });
        return known!;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!await holds())
        {
            Assert.False(bound.IsCancellationRequested, $"It did not come to hold within {Bound}.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
