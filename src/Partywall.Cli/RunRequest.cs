using System.Globalization;
using System.Net;
using Partywall.Scenarios;

namespace Partywall.Cli;

/// <summary>A run as it was asked for, checked: everything named in it exists.</summary>
/// <param name="Scenarios">The scenarios, each once, in the catalogue's order.</param>
/// <param name="Target">The target.</param>
/// <param name="Choice">How it is made.</param>
/// <param name="Size">How large.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Out">The report directory as named; null for the default.</param>
/// <param name="Strict">Whether staying below the product's own bar counts as a failure.</param>
internal sealed record RunRequest(
    IReadOnlyList<Scenario> Scenarios, TargetEntry Target, TargetChoice Choice, ScenarioSize Size, int Seed, string? Out, bool Strict)
{
    /// <summary>The word for the target's own store.</summary>
    public const string EmbeddedStore = "embedded";

    /// <summary>The scenarios meant by the words on the command line.</summary>
    /// <param name="words">Suites and scenarios; none means all.</param>
    /// <exception cref="UsageException">One of them names nothing.</exception>
    public static IReadOnlyList<Scenario> FindScenarios(IReadOnlyCollection<string> words)
    {
        var meant = new HashSet<Scenario>(ReferenceEqualityComparer.Instance);
        foreach (var word in words)
        {
            var found = ScenarioCatalogue.Find(word);
            if (found.Count == 0)
            {
                string[] suites = [.. ScenarioCatalogue.All.Select(static s => s.Name.Split('/')[0]).Distinct(StringComparer.Ordinal)];
                throw new UsageException(Nearest.Unknown("suite or scenario", word, [.. suites, .. ScenarioCatalogue.All.Select(static s => s.Name)]));
            }

            meant.UnionWith(found);
        }

        return words.Count == 0 ? ScenarioCatalogue.All : [.. ScenarioCatalogue.All.Where(meant.Contains)];
    }

    /// <summary>Checks what is to be done with the target.</summary>
    /// <exception cref="UsageException">The target has no such bug, or takes no store.</exception>
    public static TargetChoice Choose(TargetEntry target, string? bug, string store)
    {
        if (bug is not null && !target.Bugs.Any(b => b.Name == bug))
        {
            throw new UsageException(target.Bugs.Count == 0
                ? $"No bug can be planted in the target {target.Name}. Plant it in one of: {string.Join(", ", TargetRegistry.All.Where(static t => t.Bugs.Count > 0).Select(static t => t.Name))} (--target)."
                : Nearest.Unknown($"bug to plant in {target.Name},", bug, [.. target.Bugs.Select(static b => b.Name)]));
        }

        if (store == EmbeddedStore)
        {
            return new TargetChoice(bug, null);
        }

        if (!target.TakesStore)
        {
            throw new UsageException($"The target {target.Name} has no store to choose. Leave --store out.");
        }

        CheckAddress(store);
        return new TargetChoice(bug, store);
    }

    private static void CheckAddress(string store)
    {
        if (store.StartsWith("unix:/", StringComparison.Ordinal))
        {
            return;
        }

        var colon = store.LastIndexOf(':');
        var isPort = int.TryParse(store.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > IPEndPoint.MinPort and <= IPEndPoint.MaxPort;
        if (colon <= 0 || !isPort || store.AsSpan(0, colon).ContainsAny(" \t,/"))
        {
            throw new UsageException($"--store {store}: not an address. Write {EmbeddedStore}, HOST:PORT such as 127.0.0.1:6379, or unix:/PATH.");
        }
    }
}
