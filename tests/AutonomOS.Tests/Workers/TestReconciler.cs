using AutonomOS.Reconciliation;
using AutonomOS.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Workers;

/// <summary>A reconciler that runs until disposed: retries need somebody to promote them.</summary>
internal sealed class TestReconciler : IAsyncDisposable
{
    private readonly Reconciler _reconciler;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private TestReconciler(StoreConnection connection)
    {
        _reconciler = new Reconciler(connection, new ReconcilerOptions { TickMs = 20 }, TimeProvider.System, NullLogger<Reconciler>.Instance);
        _running = _reconciler.RunAsync(_stop.Token);
    }

    public static TestReconciler Start(StoreConnection connection) => new(connection);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _reconciler.DisposeAsync();
        _stop.Dispose();
    }
}
