using AutonomOS.Tests.Conformance.Stores;

namespace AutonomOS.Tests.Conformance;

/// <summary>What a store must do, whoever made it. Each suite is abstract and runs on every kind of store, each with a server of its own.</summary>
public abstract class ConformanceTests(StoreFixture store) : IAsyncLifetime
{
    protected StoreFixture Store { get; } = store;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    public virtual ValueTask InitializeAsync()
    {
        if (Store.Missing is not null)
        {
            RedisServer.Need();
        }

        return ValueTask.CompletedTask;
    }

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
