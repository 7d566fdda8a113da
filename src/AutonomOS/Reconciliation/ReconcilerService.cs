using AutonomOS.Scheduling;
using AutonomOS.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AutonomOS.Reconciliation;

/// <summary>Runs a <see cref="Reconciler"/> for the life of a host.</summary>
internal sealed class ReconcilerService(Reconciler reconciler) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => reconciler.RunAsync(stoppingToken);
}

/// <summary>Adds the reconciler to a host.</summary>
public static class ReconcilerServiceCollectionExtensions
{
    /// <summary>
    /// Adds a reconciler over the registered <see cref="StoreConnection"/>; one leads at a time, however many hosts run
    /// one. The host that leads also samples the pools' fairness (<see cref="FairnessMonitor"/>).
    /// </summary>
    /// <param name="services">The host's services; they must hold a <see cref="StoreConnection"/>.</param>
    /// <param name="options">How it works; the defaults go with the default lease.</param>
    public static IServiceCollection AddAutonomOSReconciler(this IServiceCollection services, ReconcilerOptions? options = null)
    {
        services.AddSingleton(options ?? new ReconcilerOptions());
        services.AddSingleton<Reconciler>(s => new Reconciler(
            s.GetRequiredService<StoreConnection>(),
            s.GetRequiredService<ReconcilerOptions>(),
            s.GetService<TimeProvider>() ?? TimeProvider.System,
            s.GetRequiredService<Microsoft.Extensions.Logging.ILogger<Reconciler>>()));
        services.AddHostedService<ReconcilerService>();
        services.AddSingleton<FairnessMonitor>();
        services.AddHostedService(s => new FairnessMonitorService(
            s.GetRequiredService<FairnessMonitor>(),
            s.GetRequiredService<StoreConnection>(),
            s.GetRequiredService<Reconciler>(),
            s.GetService<TimeProvider>() ?? TimeProvider.System));
        return services;
    }
}
