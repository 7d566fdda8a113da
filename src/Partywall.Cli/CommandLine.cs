using System.CommandLine;
using System.CommandLine.Help;

namespace Partywall.Cli;

/// <summary>The command line: parses, runs, and turns whatever happens into an exit code and at most one line of error.</summary>
internal static class CommandLine
{
    /// <summary>After Ctrl+C the clean-up may take this long, in seconds, before the process ends regardless.</summary>
    private const int CleanUpSecondsMax = 90;

    private const string Description = """
        Proves, or disproves, that one tenant of a multi-tenant job system cannot hurt another.

        Examples:
          partywall run stress                           the default system, from start to verdict
          partywall run stress/quota --seed 7            one scenario, the same again
          partywall run --target model --plant NAME      break the model on purpose: a check must turn red
          partywall list                                 scenarios, targets, bugs to plant
          partywall check partywall-report/*/*/history.jsonl

        Exit codes:
          0   all passed
          1   something failed (with --strict: or stayed below our bar)
          2   nothing failed, but something was inconclusive, interrupted, or everything was skipped
          64  the command line, or a file named on it, is wrong
          70  Partywall itself broke
        """;

    /// <summary>Runs a command line.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        Func<string?> directory = static () => null;
        // Not a RootCommand: that one takes its name from the assembly, and users type another.
        var root = new Command("partywall", Description)
        {
            new HelpOption { Recursive = true },
            new VersionOption(),
            RunCommand.Create(output, d => directory = d),
            ListCommand.Create(output),
            CheckCommand.Create(output),
        };
        root.SetAction((ParseResult _) => Wrong(error, "Say what to do: run, list or check.", root));
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            var command = parsed.CommandResult.Command;
            return command == root && parsed.UnmatchedTokens is [var word, ..]
                ? Wrong(error, Nearest.Unknown(word.StartsWith('-') ? "option" : "command", word, [.. root.Subcommands.Select(static c => c.Name)]), command)
                : Wrong(error, parsed.Errors[0].Message, command);
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(CleanUpSecondsMax),
            });
        }
        catch (UsageException e)
        {
            error.WriteLine("partywall: " + e.Message);
            return ExitCode.Usage;
        }
        catch (Exception e)
        {
            error.WriteLine($"partywall: broke: {OneLine(e.Message)} This is no verdict on the system.{Details(directory(), e)}");
            return ExitCode.Broken;
        }
    }

    private static int Wrong(TextWriter error, string message, Command command)
    {
        var help = command.Name == "partywall" ? "partywall --help" : $"partywall {command.Name} --help";
        error.WriteLine($"partywall: {OneLine(message)} Try '{help}'.");
        return ExitCode.Usage;
    }

    private static string Details(string? directory, Exception e)
    {
        if (directory is null)
        {
            return "";
        }

        var file = Path.Combine(directory, RunSession.FailureFile);
        try
        {
            File.WriteAllText(file, e.ToString());
            return $" Details are in {file}.";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $" Details could not be written to {file}: {OneLine(failure.Message)}";
        }
    }

    private static string OneLine(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.EndsWith('.') || line.EndsWith('?') ? line : line + ".";
    }
}
