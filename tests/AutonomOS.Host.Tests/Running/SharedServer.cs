[assembly: AssemblyFixture(typeof(AutonomOS.Host.Tests.Running.SharedServer))]

namespace AutonomOS.Host.Tests.Running;

/// <summary>One server with demo workers for all tests that do it no harm; each uses tenants of its own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    /// <summary>A pool in which nobody works.</summary>
    public const string IdlePool = "idle";

    public Server Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await Server.StartAsync(["--workers", "20"]);

    public ValueTask DisposeAsync()
    {
        Server.Dispose();
        return ValueTask.CompletedTask;
    }
}
