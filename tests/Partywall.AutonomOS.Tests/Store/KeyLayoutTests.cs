using AutonomOS.Storage;
using AutonomOS.Tenants;
using Partywall.AutonomOS.Store;
using Partywall.Targets;

namespace Partywall.AutonomOS.Tests.Store;

public sealed class KeyLayoutTests
{
    private const string JobId = "0198a5b04c1d7e2f8a3b4c5d6e7f8091";
    private static readonly TenantId Tenant = TenantId.Parse("a.b-C");

    public static TheoryData<string> TenantKeys =>
    [
        StoreKeys.Meta(Tenant), StoreKeys.Semaphore(Tenant), StoreKeys.Queue(Tenant, "default"), StoreKeys.Delayed(Tenant),
        StoreKeys.State(Tenant, JobId), StoreKeys.Jobs(Tenant), StoreKeys.Idempotency(Tenant, "any:{thing}:tenant:{other}"),
        StoreKeys.Settled(Tenant), StoreKeys.Repair(Tenant),
    ];

    public static TheoryData<string> ListedKeys =>
    [
        StoreKeys.Tenants, StoreKeys.Workers, StoreKeys.Leader, StoreKeys.Ready("default"), StoreKeys.Fresh("p.1"),
        StoreKeys.Generations("default"), StoreKeys.Wake("default"),
    ];

    [Theory]
    [MemberData(nameof(TenantKeys))]
    public void Classify_KeyOfATenant_NamesTheTenant(string key) =>
        Assert.Equal(new InspectedKey(key, KeyOwnership.Tenant, "a.b-C"), KeyLayout.Classify(key));

    [Theory]
    [MemberData(nameof(ListedKeys))]
    public void Classify_KeyOnTheWrittenList_IsThat(string key) =>
        Assert.Equal(new InspectedKey(key, KeyOwnership.WrittenList, null), KeyLayout.Classify(key));

    [Theory]
    [InlineData("job:meta:tenant:{a}:extra")]
    [InlineData("job:meta:tenant:a")]
    [InlineData("job:meta:tenant:{a")]
    [InlineData("job:meta:tenant:{}")]
    [InlineData("job:meta:tenant:{a b}")]
    [InlineData("job:meta:tenant:{a\n}")]
    [InlineData("job:meta:tenant:{-a}")]
    [InlineData("JOB:meta:tenant:{a}")]
    [InlineData("other:meta:tenant:{a}")]
    [InlineData("job:unheard-of:tenant:{a}")]
    [InlineData("job:queue:tenant:{a}:pool:")]
    [InlineData("job:queue:tenant:{a}:pool:x:y")]
    [InlineData("job:state:tenant:{a}:job:42")]
    [InlineData("job:idempotency:tenant:{a}:")]
    [InlineData("job:ready:{pool:}")]
    [InlineData("job:ready:{pool:a:b}")]
    [InlineData("job:ready:{pool:a}:x")]
    [InlineData("job:elsewhere:{pool:a}")]
    [InlineData("job:tenants:more")]
    [InlineData("")]
    [InlineData("user:42")]
    public void Classify_AnythingElse_BelongsToNobody(string key) =>
        Assert.Equal(new InspectedKey(key, KeyOwnership.Unknown, null), KeyLayout.Classify(key));
}
