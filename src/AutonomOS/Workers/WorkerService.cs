using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>A worker under the generic host: starts with it, and drains when it stops (SIGTERM, Ctrl+C).</summary>
internal sealed class WorkerService(WorkerOptions options, IServiceScopeFactory scopes, TimeProvider time, ILogger<WorkerService> logger) : IHostedService, IAsyncDisposable
{
    private WorkerRuntime? _runtime;

    public async Task StartAsync(CancellationToken cancellationToken) =>
        _runtime = await WorkerRuntime.StartAsync(options, scopes, time, logger, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => _runtime?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _runtime?.DisposeAsync() ?? ValueTask.CompletedTask;
}
