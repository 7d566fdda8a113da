using AutonomOS.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Partywall.AutonomOS.ProbeWorker;
using Partywall.Targets;
using Partywall.Witness;

const int BadUsage = 64;
const int Failed = 70;

var parsed = CommandLine.Build(RunAsync).Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
    {
        await Console.Error.WriteLineAsync("partywall-probe-worker: " + error.Message);
    }

    return BadUsage;
}

// Signals are the generic host's: it drains.
return await parsed.InvokeAsync(new() { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });

static async Task<int> RunAsync(ProbeWorkerSettings settings, CancellationToken cancellation)
{
    try
    {
        await using var witness = await WitnessClient.ConnectAsync(settings.Witness, settings.Name, cancellation);
        using var host = Build(settings, witness);
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(
            static () => Console.Out.WriteLine("partywall-probe-worker: ready"));
        await host.RunAsync(cancellation);
        return 0;
    }
    catch (OptionsValidationException e)
    {
        await Console.Error.WriteLineAsync("partywall-probe-worker: " + e.Message);
        return BadUsage;
    }
    catch (Exception e) when (e is WitnessException or StoreUnavailableException or FormatException or OperationCanceledException)
    {
        await Console.Error.WriteLineAsync("partywall-probe-worker: " + e.Message);
        return Failed;
    }
}

static IHost Build(ProbeWorkerSettings settings, WitnessClient witness)
{
    var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
    builder.Logging.AddSimpleConsole(static o =>
    {
        o.SingleLine = true;
        o.UseUtcTimestamp = true;
        o.TimestampFormat = "HH:mm:ss.fff ";
    });
    builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
    builder.Services.AddSingleton(witness);
    builder.Services.AddSingleton(settings);
    builder.Services.AddAutonomOSWorker(worker =>
    {
        worker.Store = new StoreOptions
        {
            Endpoint = settings.Store,
            Password = Environment.GetEnvironmentVariable(ProbeWorkerSettings.PasswordVariable),
            ClientName = settings.Name,
        };
        worker.Pool = settings.Pool;
        worker.Slots = settings.Slots;
        worker.Reserve = settings.Reserve;
        worker.LeaseMs = settings.LeaseMs;

        // The same proportions as the defaults have to the default lease of 8 s.
        worker.RenewEveryMs = settings.LeaseMs / 4;
        worker.SelfFenceMarginMs = settings.LeaseMs * 3 / 16;
        worker.DrainGraceMs = ProbeWorkerSettings.DrainGraceMs;
        worker.Seed = settings.Seed;
        worker.Handle<ProbeHandler>(ProbePayload.JobType);
    });
    builder.Services.AddHostedService<HarnessWatch>();
    return builder.Build();
}
