using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Security.Cryptography;
using Partywall.Reporting;
using Partywall.Scenarios;
using Spectre.Console;

namespace Partywall.Cli;

/// <summary><c>partywall run</c>.</summary>
internal static class RunCommand
{
    /// <summary>Builds the command.</summary>
    /// <param name="output">Where the run is shown.</param>
    /// <param name="failed">Is told where details of a failure of Partywall itself can be written.</param>
    public static Command Create(TextWriter output, Action<Func<string?>> failed)
    {
        var names = new Argument<string[]>("SUITE|SCENARIO")
        {
            Description = "What to run: suites (stress) and scenarios (stress/quota). Default: everything. See 'partywall list'.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var target = new Option<string>("--target")
        {
            Description = "The system to judge.",
            HelpName = string.Join('|', TargetRegistry.All.Select(static t => t.Name)),
            DefaultValueFactory = static _ => TargetRegistry.Default,
        };
        var plant = new Option<string?>("--plant")
        {
            Description = "Break the target on purpose, to see the checks turn red. See 'partywall list'.",
            HelpName = "BUG",
        };
        var seed = new Option<int?>("--seed")
        {
            CustomParser = WholeNumber,
            Description = "The seed of all randomness; the same seed draws the same schedules. Default: a new one, printed first.",
            HelpName = "N",
        };
        var outDirectory = new Option<string?>("--out")
        {
            Description = $"The report's directory; must be empty or not there yet. Default: {ReportDirectory.DefaultParent}/TIME-SEED.",
            HelpName = "DIR",
        };
        var profile = new Option<string>("--profile")
        {
            Description = "How hard to try: quick (seconds a scenario) or standard (minutes).",
            HelpName = "quick|standard",
            DefaultValueFactory = static _ => "quick",
        };
        var store = new Option<string>("--store")
        {
            Description = "The store the target uses: its own, or a Redis of yours, which must hold no key under job:. Its password is taken from " + TargetRegistry.StorePasswordVariable + ".",
            HelpName = "embedded|HOST:PORT|unix:PATH",
            DefaultValueFactory = static _ => RunRequest.EmbeddedStore,
        };
        var tenants = new Option<int?>("--tenants")
        {
            CustomParser = WholeNumber,
            Description = "Number of tenants instead of the profile's own, at least 2.",
            HelpName = "N",
        };
        var strict = new Option<bool>("--strict")
        {
            Description = "Exit with 1 also when something passed below the product's own bar.",
        };
        var command = new Command("run", "Run scenarios against a system and give a verdict, with the evidence in a report directory.")
        {
            names, target, plant, seed, outDirectory, profile, store, tenants, strict,
        };
        command.SetAction(async (ParseResult parsed, CancellationToken cancellationToken) =>
        {
            RejectOptions(parsed.GetValue(names) ?? [], parsed.CommandResult.Command);
            var chosen = TargetRegistry.Find(parsed.GetValue(target)!);
            var request = new RunRequest(
                RunRequest.FindScenarios(parsed.GetValue(names) ?? []),
                chosen,
                RunRequest.Choose(chosen, parsed.GetValue(plant), parsed.GetValue(store)!),
                new ScenarioSize(ProfileOf(parsed.GetValue(profile)!), TenantsOf(parsed.GetValue(tenants))),
                parsed.GetValue(seed) ?? RandomNumberGenerator.GetInt32(int.MaxValue),
                parsed.GetValue(outDirectory),
                parsed.GetValue(strict));
            var session = new RunSession(request, Display(output), TimeProvider.System);
            failed(() => session.Directory);
            return await session.RunAsync(cancellationToken);
        });
        return command;
    }

    /// <summary>A mistyped option would otherwise be taken for a scenario's name.</summary>
    private static void RejectOptions(string[] words, Command command)
    {
        if (Array.Find(words, static w => w.StartsWith('-')) is { } option)
        {
            throw new UsageException(Nearest.Unknown("option", option, [.. command.Options.Select(static o => o.Name)]));
        }
    }

    private static int? WholeNumber(ArgumentResult result)
    {
        var word = result.Tokens[0].Value;
        if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        result.AddError($"{((OptionResult)result.Parent!).IdentifierToken?.Value} {word}: not a whole number from 0 to {int.MaxValue}.");
        return null;
    }

    private static IRunDisplay Display(TextWriter output) =>
        !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi
            ? new LiveRunDisplay(AnsiConsole.Console)
            : new PlainRunDisplay(output);

    private static RunProfile ProfileOf(string word) => word switch
    {
        "quick" => RunProfile.Quick,
        "standard" => RunProfile.Standard,
        _ => throw new UsageException(Nearest.Unknown("profile", word, ["quick", "standard"])),
    };

    private static int? TenantsOf(int? tenants) => tenants switch
    {
        < 2 => throw new UsageException($"--tenants {tenants}: at least 2 are needed, or there is nobody to be isolated from."),
        _ => tenants,
    };
}
