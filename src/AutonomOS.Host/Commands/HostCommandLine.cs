using System.CommandLine;
using AutonomOS.Embedded;
using AutonomOS.Records;

namespace AutonomOS.Host.Commands;

/// <summary>The command line of <c>autonomos</c>: what it takes, and how every way of ending becomes one line and one exit code.</summary>
internal static class HostCommandLine
{
    private const string Name = "autonomos";

    private const string Help =
        """
        Try it:
          autonomos serve --workers 5
          curl -s -H "Authorization: Bearer $(cat autonomos-data/admin.key)" -H 'Content-Type: application/json' \
               -d '{"id":"acme"}' http://127.0.0.1:8080/v1/tenants

        Exit codes: 0 done, 1 could not start, 64 wrong command line, 70 a defect of the program.
        """;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        try
        {
            var parsed = Root(output, error).Parse(args);
            var invocation = new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                // Signals are ours from the first line on: see StopSignals.
                ProcessTerminationTimeout = null,
            };
            if (parsed.Errors.Count > 0)
            {
                var at = parsed.CommandResult.Command.Name == Name ? Name : $"{Name} {parsed.CommandResult.Command.Name}";
                await error.WriteLineAsync($"autonomos: {OneLine(parsed.Errors[0].Message)} See '{at} --help'.");
                return ExitCode.Usage;
            }

            return await parsed.InvokeAsync(invocation);
        }
        catch (UsageException wrong)
        {
            await error.WriteLineAsync($"autonomos: {OneLine(wrong.Message)}");
            return ExitCode.Usage;
        }
        catch (Exception reason) when (reason is StartException or EmbeddedStoreException or RecordsUnavailableException)
        {
            await error.WriteLineAsync($"autonomos: {OneLine(reason.Message)}");
            return ExitCode.CouldNotStart;
        }
        catch (OperationCanceledException)
        {
            // Told to stop before it had started.
            return ExitCode.Done;
        }
        catch (Exception defect)
        {
            await error.WriteLineAsync($"autonomos: stopped by a defect of its own ({defect.GetType().Name}: {OneLine(defect.Message)}). What was acknowledged is in the data directory; please report this line.");
            return ExitCode.Defect;
        }
    }

    internal static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();

    internal static Command Root(TextWriter output, TextWriter error)
    {
        var help = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Name] = Help,
            ["serve"] = ServeCommand.Help,
            ["store"] = StoreCommand.Help,
            ["work"] = WorkCommand.Help,
        };
        var root = new Command(Name, "AutonomOS: background jobs for many tenants, none of whom can hurt another.")
        {
            CommandHelp.Option(help),
            new VersionOption(),
            ServeCommand.Create(output),
            StoreCommand.Create(output),
            WorkCommand.Create(output),
        };
        root.SetAction((ParseResult _) =>
        {
            error.WriteLine("autonomos: say what to do: serve, store or work. See 'autonomos --help'.");
            return ExitCode.Usage;
        });
        return root;
    }
}
