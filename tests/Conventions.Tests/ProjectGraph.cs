using System.Xml.Linq;

namespace Conventions.Tests;

/// <summary>Which project references which, read from the project files, and which of those arrows point the wrong way.</summary>
internal sealed class ProjectGraph
{
    // The two wings and their one door: each project and all it may reference.
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["AutonomOS"] = [],
        ["AutonomOS.Embedded"] = ["AutonomOS"],
        ["AutonomOS.Host"] = ["AutonomOS", "AutonomOS.Embedded"],
        ["Partywall"] = [],
        ["Partywall.Model"] = ["Partywall"],
        ["Partywall.AutonomOS"] = ["Partywall", "AutonomOS"],
        ["Partywall.AutonomOS.ProbeWorker"] = ["Partywall", "AutonomOS"],
        ["Partywall.AutonomOS.Submitter"] = ["Partywall.AutonomOS"],
        ["Partywall.Cli"] = ["Partywall", "Partywall.Model", "Partywall.AutonomOS"],
    };

    private readonly Dictionary<string, IReadOnlyList<string>> _references;

    private ProjectGraph(Dictionary<string, IReadOnlyList<string>> references) => _references = references;

    internal IReadOnlyCollection<string> Projects => _references.Keys;

    internal static ProjectGraph Of(IEnumerable<(string Name, string Xml)> projects) =>
        new(projects.ToDictionary(p => p.Name, p => References(p.Xml), StringComparer.Ordinal));

    /// <summary>The arrows that may not be there, in words.</summary>
    internal IReadOnlyList<string> Wrong() =>
    [
        .. _references.SelectMany(p => p.Value
            .Where(to => !Allowed.TryGetValue(p.Key, out var may) || !may.Contains(to, StringComparer.Ordinal))
            .Select(to => $"{p.Key} -> {to}")),
        .. _references.Keys.Where(p => !Allowed.ContainsKey(p)).Select(p => $"{p} has no place in the layout"),
    ];

    // A reference that only orders the build hands no code over.
    private static IReadOnlyList<string> References(string xml) =>
    [
        .. XDocument.Parse(xml).Descendants("ProjectReference")
            .Where(r => (string?)r.Attribute("ReferenceOutputAssembly") != "false")
            .Select(r => Path.GetFileNameWithoutExtension(((string?)r.Attribute("Include") ?? "").Replace('\\', '/'))),
    ];
}
