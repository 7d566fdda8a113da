using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AutonomOS.Records;

/// <summary>Registers the records.</summary>
public static class RecordsServices
{
    /// <summary>
    /// Adds <see cref="TenantRegistry"/>, <see cref="JobArchive"/>, <see cref="AuditLog"/>, and <see cref="ApiKeyCache"/> and
    /// <see cref="TenantPublisher"/> with their loops, on <paramref name="database"/>. Needs a <see cref="Storage.IJobStore"/>. Call
    /// <see cref="RecordsDatabase.MigrateAsync"/> before the host starts.
    /// </summary>
    public static IServiceCollection AddAutonomOSRecords(this IServiceCollection services, RecordsDatabase database)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(database);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(database);
        services.AddSingleton<TenantPublisher>();
        services.AddSingleton<ApiKeyCache>();
        services.AddSingleton<TenantRegistry>();
        services.AddSingleton<JobArchive>();
        services.AddSingleton<AuditLog>();
        services.AddHostedService(provider => provider.GetRequiredService<TenantPublisher>());
        services.AddHostedService(provider => provider.GetRequiredService<ApiKeyCache>());
        services.AddHostedService<AuditPruner>();
        return services;
    }
}
