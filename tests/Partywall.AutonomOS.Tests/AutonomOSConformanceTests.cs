using Partywall.AutonomOS.Tests.Store;
using Partywall.TargetConformance;
using Partywall.Targets;

namespace Partywall.AutonomOS.Tests;

public sealed class EmbeddedStoreFixture : TargetFixture
{
    public override ITarget Create() => new AutonomOSTarget();
}

/// <summary>What every target passes, on the store that AutonomOS brings along.</summary>
public sealed class AutonomOSConformanceTests(EmbeddedStoreFixture fixture)
    : TargetConformanceTests(fixture), IClassFixture<EmbeddedStoreFixture>;

/// <summary>A server for each target: a store serves one run at a time.</summary>
public sealed class RedisStoreFixture : TargetFixture
{
    public override ITarget Create() => new TargetOnRedis();
}

/// <summary>What every target passes, on redis-server.</summary>
public sealed class AutonomOSOnRedisConformanceTests(RedisStoreFixture fixture)
    : TargetConformanceTests(fixture), IClassFixture<RedisStoreFixture>;

/// <summary>The target with a redis-server that lives as long.</summary>
internal sealed class TargetOnRedis : ITarget
{
    private RedisServer? _redis;
    private AutonomOSTarget _target = new();

    public string Name => _target.Name;

    public async Task StartAsync(TargetEnvironment environment, CancellationToken cancellationToken)
    {
        _redis = await RedisServer.StartAsync();
        _target = new AutonomOSTarget(new AutonomOSTargetOptions { Store = _redis.Endpoint });
        await _target.StartAsync(environment, cancellationToken);
    }

    public Task<ITenantClient> OnboardAsync(TenantSpec tenant, CancellationToken cancellationToken) => _target.OnboardAsync(tenant, cancellationToken);

    public bool TryGet<T>([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? capability)
        where T : class, ITargetCapability => _target.TryGet(out capability);

    public async ValueTask DisposeAsync()
    {
        await _target.DisposeAsync();
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }
}
