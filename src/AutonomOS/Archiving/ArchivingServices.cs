using AutonomOS.Lifecycle;
using AutonomOS.Records;
using AutonomOS.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Archiving;

/// <summary>Adds what joins the store and the records: the archiver, the reader over both, and the removal of tenants.</summary>
public static class ArchivingServices
{
    /// <summary>
    /// Adds <see cref="Archiver"/>, <see cref="JobReader"/> and <see cref="TenantRemoval"/> with their loops. Needs a
    /// <see cref="StoreConnection"/>, an <see cref="IJobStore"/> and the records
    /// (<see cref="RecordsServices.AddAutonomOSRecords"/>).
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">How long finished jobs stay in the store; the reconciler must have the same.</param>
    public static IServiceCollection AddAutonomOSArchiving(this IServiceCollection services, FinishedJobsOptions? options = null)
    {
        services.AddSingleton(options ?? new FinishedJobsOptions());
        services.AddSingleton<JobReader>();
        services.AddSingleton<Archiver>(s => new Archiver(
            s.GetRequiredService<StoreConnection>(),
            s.GetRequiredService<JobArchive>(),
            s.GetRequiredService<FinishedJobsOptions>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<Archiver>>()));
        services.AddSingleton<TenantRemoval>(s => new TenantRemoval(
            s.GetRequiredService<StoreConnection>(),
            s.GetRequiredService<TenantRegistry>(),
            s.GetRequiredService<TenantPublisher>(),
            s.GetRequiredService<Archiver>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<TenantRemoval>>()));
        services.AddHostedService<ArchiverService>();
        services.AddHostedService<TenantRemovalService>();
        return services;
    }

    /// <summary>Runs an <see cref="Archiver"/> for the life of a host.</summary>
    private sealed class ArchiverService(Archiver archiver, JobReader reader) : BackgroundService
    {
        /// <summary>Before the host says that it is there.</summary>
        public override async Task StartAsync(CancellationToken cancellationToken)
        {
            try
            {
                await reader.WarmUpAsync(cancellationToken);
            }
            catch (RecordsUnavailableException)
            {
                // It starts without them, as it goes on without them.
            }

            await base.StartAsync(cancellationToken);
        }

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => archiver.RunAsync(stoppingToken);
    }

    /// <summary>Runs a <see cref="TenantRemoval"/> for the life of a host.</summary>
    private sealed class TenantRemovalService(TenantRemoval removal) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => removal.RunAsync(stoppingToken);
    }
}
