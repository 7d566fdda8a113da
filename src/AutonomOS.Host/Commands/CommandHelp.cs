using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace AutonomOS.Host.Commands;

/// <summary>Help with what a list of options cannot say: how the command is used, with examples.</summary>
internal sealed class CommandHelp(HelpAction options, IReadOnlyDictionary<string, string> more) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    /// <summary>The help option for all commands.</summary>
    /// <param name="more">What to say after the options, by the command's name.</param>
    public static HelpOption Option(IReadOnlyDictionary<string, string> more)
    {
        var help = new HelpOption();
        help.Action = new CommandHelp((HelpAction)help.Action!, more);
        return help;
    }

    public override int Invoke(ParseResult parseResult)
    {
        var code = options.Invoke(parseResult);
        if (more.TryGetValue(parseResult.CommandResult.Command.Name, out var text))
        {
            parseResult.InvocationConfiguration.Output.WriteLine(text);
        }

        return code;
    }
}
