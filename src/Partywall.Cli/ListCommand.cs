using System.CommandLine;
using Partywall.Scenarios;

namespace Partywall.Cli;

/// <summary><c>partywall list</c>.</summary>
internal static class ListCommand
{
    private const int Width = 96;

    /// <summary>Builds the command.</summary>
    /// <param name="output">Where the list goes.</param>
    public static Command Create(TextWriter output)
    {
        var command = new Command("list", "List suites, scenarios, what each proves and needs, the targets, and the bugs that can be planted in them.");
        command.SetAction((ParseResult _) => Write(output));
        return command;
    }

    private static int Write(TextWriter output)
    {
        foreach (var suite in ScenarioCatalogue.All.GroupBy(static s => s.Name.Split('/')[0], StringComparer.Ordinal))
        {
            output.WriteLine($"suite {suite.Key}");
            foreach (var scenario in suite)
            {
                output.WriteLine();
                output.WriteLine($"  {scenario.Name}");
                Field(output, "proves", scenario.Claim);
                Field(output, "needs", scenario.Needs.Count == 0 ? "nothing beyond a target" : string.Join(", ", scenario.Needs.Select(static n => n.Name)));
                Field(output, "checks", string.Join(", ", scenario.Checks));
                Field(output, "runs", string.Join(", ", scenario.Variants(new ScenarioSize(RunProfile.Quick)).Select(Describe)));
            }

            output.WriteLine();
        }

        foreach (var target in TargetRegistry.All)
        {
            output.WriteLine($"target {target.Name}{(target.Name == TargetRegistry.Default ? " (default)" : "")}");
            Wrapped(output, target.Description, "  ");
            if (target.Bugs.Count > 0)
            {
                output.WriteLine();
                output.WriteLine("  bugs to plant in it (--plant):");
                var width = target.Bugs.Max(static b => b.Name.Length);
                foreach (var bug in target.Bugs)
                {
                    Wrapped(output, bug.Description, "    " + bug.Name.PadRight(width) + "  ");
                }
            }

            output.WriteLine();
        }

        return ExitCode.Passed;
    }

    private static string Describe(ScenarioVariant variant) =>
        (variant.Name.Length == 0 ? "one" : variant.Name) + (variant.Needs.Count == 0 ? "" : $" (needs {string.Join(" and ", variant.Needs.Select(static n => n.Name))})");

    private static void Field(TextWriter output, string name, string text) => Wrapped(output, text, "    " + name.PadRight(8));

    /// <summary>Writes a text behind a head, wrapped between words and indented by the head's width.</summary>
    private static void Wrapped(TextWriter output, string text, string head)
    {
        var line = head;
        foreach (var word in text.Split(' '))
        {
            if (line.Length + word.Length > Width && line.Trim().Length > 0 && line.Length > head.Length)
            {
                output.WriteLine(line.TrimEnd());
                line = new string(' ', head.Length);
            }

            line += word + " ";
        }

        output.WriteLine(line.TrimEnd());
    }
}
