using AutonomOS.Jobs;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;

namespace AutonomOS.Tests.Conformance;

/// <summary>Tenants whose ids look alike touch nothing of one another.</summary>
public abstract class IsolationTests(StoreFixture store) : ConformanceTests(store)
{
    private static readonly string[] Alike =
    [
        "a", "A", "aa", "a.", "a-", "a_", "a..", "a.b", "a-b", "a_b", "ab", "AB", "0", "00", "1", "1e3", "prod", "prod2", "Prod",
        "tenant", "job", "default", "epoch", "pool", "nil", "null", "true", new string('a', 63), new string('a', 64),
    ];

    [Theory]
    [InlineData("t\n")]
    [InlineData("*")]
    [InlineData("a*")]
    [InlineData("[a]")]
    [InlineData("a?")]
    [InlineData("{a}")]
    [InlineData("a}:job")]
    [InlineData("a:b")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData(".a")]
    [InlineData("é")]
    [InlineData("a\0")]
    public void TenantId_Hostile_IsRefused(string id) => Assert.False(TenantId.TryParse(id, out _));

    [Fact]
    public async Task IdsThatLookAlike_EachSeesItsOwnAlone()
    {
        var tenants = new Dictionary<string, (TenantSettings Settings, JobId Job)>(StringComparer.Ordinal);
        foreach (var id in Alike)
        {
            var settings = new TenantSettings { Id = TenantId.Parse(id), Epoch = 1 };
            await Jobs.ApplyTenantAsync(settings, Ct);
            tenants.Add(id, (settings, await SubmitAsync(settings, Job($"secret of {id}", key: "key"))));
        }

        foreach (var (id, (settings, job)) in tenants)
        {
            Assert.Equal($"secret of {id}", System.Text.Encoding.UTF8.GetString((await GetAsync(settings, job)).Payload.Span));
            Assert.Equal(job, Assert.Single(await ListAsync(settings)).Id);
            Assert.Equal(1, (await UsageAsync(settings)).Active);
            foreach (var (other, (otherSettings, _)) in tenants.Where(t => t.Key != id))
            {
                Assert.Null(await Jobs.GetAsync(otherSettings.Id, job, Ct));
            }
        }

        foreach (var job in await ClaimAsync(Alike.Length))
        {
            Assert.Equal(tenants[job.Tenant.Value].Job, job.Id);
            await SettleAsync(job, result: job.Tenant.Value);
        }

        foreach (var (id, (settings, job)) in tenants)
        {
            Assert.Equal(id, System.Text.Encoding.UTF8.GetString((await GetAsync(settings, job)).Result!.Value.Span));
        }
    }

    [Fact]
    public async Task EveryKey_BelongsToOneTenantOrIsOnTheWrittenList()
    {
        var tenant = await TenantAsync();
        await SubmitAsync(tenant, Job("p", key: "{x}:tenant:{y}"));
        await SubmitAsync(tenant, Job(delayMs: 3_600_000));
        await SubmitAsync(tenant, 3);
        await SettleAsync(await ClaimOneAsync(), AttemptEnd.Failed, "e", retryDelayMs: 3_600_000);
        await SettleAsync(await ClaimOneAsync());
        await ClaimOneAsync();

        Assert.All(await KeysAsync(), key => Assert.Matches(
            @"\Ajob:(meta|semaphore|queue|delayed|state|jobs|idempotency|keys|settled|repair):tenant:\{[A-Za-z0-9][A-Za-z0-9._-]{0,63}\}(:|\z)"
            + @"|\Ajob:(ready|fresh|gens|wake):\{pool:[A-Za-z0-9][A-Za-z0-9._-]{0,63}\}\z"
            + @"|\Ajob:(workers|leader|tenants|archive|deletions)\z", key));
        Assert.Equal(
            ["job:delayed", "job:idempotency", "job:jobs", "job:keys", "job:meta", "job:queue", "job:semaphore", "job:settled", "job:state"],
            (await KeysAsync(tenant)).Select(key => key[..key.IndexOf(":tenant", StringComparison.Ordinal)]).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ABusyNeighbour_LeavesABystandersKeysAsTheyWere()
    {
        var bystander = await TenantAsync(change: t => t with { Id = TenantId.Parse("by.stander") });
        await SubmitAsync(bystander, Job("at rest", key: "k", pool: Pool + ".other"));
        var before = await DigestAsync(bystander);

        var busy = await TenantAsync(change: t => t with { Id = TenantId.Parse("by.stander2") });
        await SubmitAsync(busy, 50);
        await SubmitAsync(busy, Job("p", key: "k"));
        await DrainAsync();
        await ChangeAsync(busy, t => t with { Weight = 9 });

        Assert.NotEmpty(before);
        Assert.Equal(before, await DigestAsync(bystander));
    }

    private async Task<IReadOnlyList<string>> DigestAsync(TenantSettings tenant)
    {
        var digest = new List<string>();
        foreach (var key in (await KeysAsync()).Where(k => k.Contains($"{{{tenant.Id.Value}}}", StringComparison.Ordinal)))
        {
            var type = await Connection.RunAsync(db => db.KeyTypeAsync(key), write: false, Ct);
            digest.Add($"{key} = " + type switch
            {
                StackExchange.Redis.RedisType.Hash => string.Join(',', (await Connection.RunAsync(db => db.HashGetAllAsync(key), write: false, Ct)).Select(e => e.ToString()).Order(StringComparer.Ordinal)),
                StackExchange.Redis.RedisType.SortedSet => string.Join(',', await Connection.RunAsync(db => db.SortedSetRangeByRankWithScoresAsync(key), write: false, Ct)),
                _ => (await Connection.RunAsync(db => db.StringGetAsync(key), write: false, Ct)).ToString(),
            });
        }

        return digest;
    }
}

public sealed class IsolationOnGarnet(EmbeddedFixture store) : IsolationTests(store), IClassFixture<EmbeddedFixture>;

public sealed class IsolationOnRedis(RedisFixture store) : IsolationTests(store), IClassFixture<RedisFixture>;
