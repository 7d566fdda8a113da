using System.CommandLine;
using AutonomOS.Host.Serving;

namespace AutonomOS.Host.Commands;

/// <summary><c>autonomos store</c>: the embedded store alone, for several servers and workers.</summary>
internal static class StoreCommand
{
    /// <summary>The environment variable with the password of the certificate file.</summary>
    public const string CertificatePasswordVariable = "AUTONOMOS_STORE_TLS_PASSWORD";

    /// <summary>What the help says beyond the options.</summary>
    public static string Help { get; } =
        $"""
        When it is ready it prints one line, 'autonomos: store ENDPOINT'.

        Examples:
          autonomos store --data /var/lib/autonomos
          {SharedOptions.StorePasswordVariable}=… autonomos store --listen 127.0.0.1:6400
        """;

    public static Command Create(TextWriter output)
    {
        var data = SharedOptions.Data();
        var listen = SharedOptions.Listen("Where the store listens; DIR/run/store.sock unless said otherwise. TCP needs a password, beyond this machine also TLS.", null);
        var certificate = new Option<string?>("--tls-certificate") { Description = $"A PKCS #12 file with the store's certificate and key. Its password is read from {CertificatePasswordVariable}.", HelpName = "FILE" };
        var commit = SharedOptions.CommitWindowMs();
        var log = SharedOptions.LogLevel();
        var command = new Command("store", "Run the embedded store alone, for several servers and workers of one machine or more.")
        {
            data, listen, certificate, commit, log,
        };
        command.SetAction(async (ParseResult parsed, CancellationToken _) =>
        {
            using var signals = new StopSignals();
            var directory = DataDirectory.Open(parsed.GetRequiredValue(data));
            using var loggers = LoggerFactory.Create(logging => logging.AddPlainConsole(parsed.GetValue(log)));
            await using var running = await EmbeddedStoreRun.StartAsync(
                directory,
                parsed.GetValue(listen),
                parsed.GetValue(commit),
                Environment.GetEnvironmentVariable(SharedOptions.StorePasswordVariable),
                parsed.GetValue(certificate),
                loggers,
                signals.Token);
            await output.WriteLineAsync($"autonomos: store {running.Store.Connection.Endpoint}");
            await output.FlushAsync(CancellationToken.None);
            await signals.WaitAsync();
            return ExitCode.Done;
        });
        return command;
    }
}
