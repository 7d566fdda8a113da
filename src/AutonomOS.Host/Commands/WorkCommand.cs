using System.CommandLine;
using AutonomOS.Host.Serving;
using AutonomOS.Storage;

namespace AutonomOS.Host.Commands;

/// <summary><c>autonomos work</c>: a worker with the demo jobs, to try the platform with several processes.</summary>
internal static class WorkCommand
{
    /// <summary>What the help says beyond the options.</summary>
    public static string Help { get; } =
        """
          echo    returns its payload
          sleep   takes {"ms": N}, reports progress, returns how long it slept
          fail    fails, and is tried again while attempts are left

        SIGTERM or Ctrl+C lets running jobs finish within --drain-seconds and hands the rest back.
        A worker holds the store's credentials and is trusted with all tenants.

        Example:
          autonomos work --store unix:autonomos-data/run/store.sock --slots 20
        """;

    public static Command Create(TextWriter output)
    {
        var store = SharedOptions.Store(embedded: false, required: true);
        var storeTls = SharedOptions.StoreTls();
        var pool = SharedOptions.Pool();
        var slots = SharedOptions.Whole("--slots", "Jobs run at once.", 10, 1, 1000);
        var drain = SharedOptions.DrainSeconds();
        var log = SharedOptions.LogLevel();
        var command = new Command("work", "Run the demo jobs of a pool. A worker of your own is any .NET program that calls AddAutonomOSWorker.")
        {
            store, storeTls, pool, slots, drain, log,
        };
        command.SetAction(async (ParseResult parsed, CancellationToken _) =>
        {
            using var signals = new StopSignals();
            var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
            builder.Logging.AddPlainConsole(parsed.GetValue(log));
            builder.Services.AddAutonomOSWorker(worker =>
            {
                worker.Store = new StoreOptions
                {
                    Endpoint = parsed.GetRequiredValue(store).Endpoint!,
                    Password = Environment.GetEnvironmentVariable(SharedOptions.StorePasswordVariable) is { Length: > 0 } password ? password : null,
                    Tls = parsed.GetValue(storeTls),
                    ClientName = "autonomos-work",
                };
                worker.Pool = parsed.GetRequiredValue(pool);
                worker.Slots = parsed.GetValue(slots);
                worker.DrainGraceMs = parsed.GetValue(drain) * 1000;
                DemoJobs.Add(worker);
            });
            using var host = builder.Build();
            await host.StartAsync(signals.Token);
            await output.WriteLineAsync($"autonomos: working on pool {parsed.GetRequiredValue(pool)} with {parsed.GetValue(slots)} slots");
            await output.FlushAsync(CancellationToken.None);
            await signals.WaitAsync();
            await host.StopAsync(CancellationToken.None);
            return ExitCode.Done;
        });
        return command;
    }
}
