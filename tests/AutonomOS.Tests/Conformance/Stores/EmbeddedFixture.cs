using AutonomOS.Embedded;
using AutonomOS.Storage;

namespace AutonomOS.Tests.Conformance.Stores;

/// <summary>The embedded store, in this process and in memory.</summary>
public sealed class EmbeddedFixture : StoreFixture
{
    private readonly TempDirectory _directory = new();
    private EmbeddedStore? _store;

    public override StoreOptions Options => _store!.Connection;

    public override string Kind => "garnet";

    protected override async Task StartAsync() => _store = await EmbeddedStore.StartAsync(new() { SocketPath = _directory.File("s") });

    protected override async ValueTask StopAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        _directory.Dispose();
    }
}
