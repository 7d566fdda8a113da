using AutonomOS.Storage;

namespace AutonomOS.Tests.Conformance.Stores;

/// <summary>A redis-server of the machine's, in a process of its own. Where there is none the tests are skipped, or failed when <c>CI</c> is <c>true</c>.</summary>
public sealed class RedisFixture : StoreFixture
{
    private RedisServer? _server;

    public RedisServer Server => _server!;

    public override StoreOptions Options => Server.Options;

    public override string Kind => "redis";

    public override string? Missing => RedisServer.Missing;

    protected override async Task StartAsync() => _server = await RedisServer.StartAsync();

    protected override ValueTask StopAsync()
    {
        _server?.Dispose();
        return ValueTask.CompletedTask;
    }
}
