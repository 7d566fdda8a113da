using System.ComponentModel.DataAnnotations;
using AutonomOS.Workers;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes a .NET program a worker.</summary>
public static class WorkerServiceCollectionExtensions
{
    /// <summary>What the host is given to stop beyond a worker's own grace times, in milliseconds.</summary>
    public const int ShutdownReserveMs = 10_000;

    /// <summary>The meter of all workers of the process: see <c>docs/workers.md</c> for its instruments.</summary>
    public const string WorkerMeterName = WorkerMetrics.MeterName;

    /// <summary>
    /// Adds a worker of one pool to the program; it starts and stops with the host. Call it again for another pool. The
    /// host's shutdown timeout is raised, where it is shorter, to what a drain may take.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Says which store, which pool, how many slots, and what handles which type.</param>
    /// <exception cref="OptionsValidationException">The options make no worker; the message says why.</exception>
    public static IServiceCollection AddAutonomOSWorker(this IServiceCollection services, Action<WorkerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new WorkerOptions();
        configure(options);
        Check(options);
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        foreach (var handler in options.HandlerTypes)
        {
            services.TryAddScoped(handler);
        }

        services.Configure<HostOptions>(host =>
        {
            var needed = TimeSpan.FromMilliseconds(options.DrainGraceMs + options.CancelGraceMs + ShutdownReserveMs);
            host.ShutdownTimeout = host.ShutdownTimeout < needed ? needed : host.ShutdownTimeout;
        });
        services.AddSingleton<IHostedService>(provider => new WorkerService(
            options,
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<WorkerService>>()));
        return services;
    }

    private static void Check(WorkerOptions options)
    {
        var results = new List<ValidationResult>();
        var context = new ValidationContext(options);
        if (Validator.TryValidateObject(options, context, results, validateAllProperties: true))
        {
            return;
        }

        throw new OptionsValidationException(nameof(WorkerOptions), typeof(WorkerOptions), results.Select(result => result.ErrorMessage ?? "Invalid."));
    }
}
