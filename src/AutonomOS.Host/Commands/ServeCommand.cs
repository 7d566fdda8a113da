using System.CommandLine;
using AutonomOS.Host.Api;
using AutonomOS.Host.Serving;

namespace AutonomOS.Host.Commands;

/// <summary><c>autonomos serve</c>.</summary>
internal static class ServeCommand
{
    /// <summary>What the help says beyond the options.</summary>
    public static string Help { get; } =
        $"""
        When it is ready it prints one line, 'autonomos: listening on URL'; with the embedded store also
        'autonomos: store unix:PATH', for 'autonomos work --store unix:PATH'. Ctrl+C or SIGTERM stops it cleanly.
        The admin key is taken from {AdminKey.Variable}, or made at the first start in DIR/admin.key.

        Examples:
          autonomos serve                                      everything in ./autonomos-data, on port 8080
          autonomos serve --listen 127.0.0.1:0 --workers 5     a free port, and demo jobs to try it with
          {SharedOptions.StorePasswordVariable}=… autonomos serve --store 127.0.0.1:6379     a Redis of your own
        """;

    public static Command Create(TextWriter output)
    {
        var defaults = new TenantRateOptions();
        var listen = SharedOptions.Listen("Where the HTTP API listens. Port 0 takes a free one; the ready line names it.", ListenAddress.Default);
        var remote = new Option<bool>("--allow-remote") { Description = "Listen beyond this machine although the API speaks plain HTTP: for use behind a proxy that speaks TLS." };
        var data = SharedOptions.Data();
        var store = SharedOptions.Store(embedded: true, required: false);
        var storeTls = SharedOptions.StoreTls();
        var records = SharedOptions.Records();
        var workers = SharedOptions.Whole("--workers", "Demo jobs (echo, sleep, fail) run at once in this process.", 0, 0, 1000);
        var commit = SharedOptions.CommitWindowMs();
        var rate = SharedOptions.Whole("--requests-per-second", "Requests of one tenant a second, sustained.", defaults.RequestsPerSecond, 10, 1_000_000);
        var burst = SharedOptions.Whole("--requests-burst", "Requests of one tenant in a burst.", defaults.RequestsBurst, 1, 1_000_000);
        var concurrent = SharedOptions.Whole("--requests-concurrent", "Requests of one tenant under way at once.", defaults.RequestsConcurrent, 1, 100_000);
        var streams = SharedOptions.Whole("--streams-concurrent", "Event streams of one tenant open at once.", defaults.StreamsConcurrent, 1, 100_000);
        var live = SharedOptions.Whole("--live-seconds", "How long a finished job stays in the store; after that the records have it alone, and it cannot be retried.", 900, 1, 86_400);
        var drain = SharedOptions.DrainSeconds();
        var log = SharedOptions.LogLevel();
        var command = new Command("serve", "Serve the HTTP API, with the reconciler and, unless --store names another, a durable store of its own.")
        {
            listen, remote, data, store, storeTls, records, workers, commit, rate, burst, concurrent, streams, live, drain, log,
        };
        command.SetAction(async (ParseResult parsed, CancellationToken _) =>
        {
            if (parsed.GetRequiredValue(listen) is { IsLocal: false } address && !parsed.GetValue(remote))
            {
                throw new UsageException($"{address} can be reached from other machines and the API speaks plain HTTP: keys would cross the network readable. Listen on 127.0.0.1 behind a proxy that speaks TLS, or say --allow-remote.");
            }

            using var signals = new StopSignals();
            await ServeHost.RunAsync(
                new ServeOptions
                {
                    Listen = parsed.GetRequiredValue(listen),
                    Data = parsed.GetRequiredValue(data),
                    Store = parsed.GetRequiredValue(store),
                    StoreTls = parsed.GetValue(storeTls),
                    Records = parsed.GetValue(records) ?? FromEnvironment(),
                    StorePassword = Environment.GetEnvironmentVariable(SharedOptions.StorePasswordVariable) is { Length: > 0 } password ? password : null,
                    Workers = parsed.GetValue(workers),
                    CommitWindowMs = parsed.GetValue(commit),
                    DrainSeconds = parsed.GetValue(drain),
                    LiveSeconds = parsed.GetValue(live),
                    Rates = new TenantRateOptions
                    {
                        RequestsPerSecond = parsed.GetValue(rate),
                        RequestsBurst = parsed.GetValue(burst),
                        RequestsConcurrent = parsed.GetValue(concurrent),
                        StreamsConcurrent = parsed.GetValue(streams),
                    },
                    LogLevel = parsed.GetValue(log),
                },
                output,
                signals.Token);
            return ExitCode.Done;
        });
        return command;
    }

    private static RecordsAddress FromEnvironment() => RecordsAddress.Given(RecordsAddress.Variable) switch
    {
        null => RecordsAddress.Sqlite,
        var text => RecordsAddress.TryParse(text, secret: true, out var address, out var why) ? address : throw new UsageException($"{RecordsAddress.Variable}: {why}"),
    };
}
