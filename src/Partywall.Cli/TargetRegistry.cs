using Partywall.AutonomOS;
using Partywall.Targets;

namespace Partywall.Cli;

/// <summary>How a target is to be made.</summary>
/// <param name="PlantedBug">The bug to plant; null for none.</param>
/// <param name="Store">The store's address; null for the target's own.</param>
internal sealed record TargetChoice(string? PlantedBug, string? Store);

/// <summary>A bug that can be planted in a target.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does wrong.</param>
internal sealed record PlantableBug(string Name, string Description);

/// <summary>A target as the command line knows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is.</param>
/// <param name="TakesStore">Whether it can be run against a store of the user's.</param>
/// <param name="Bugs">Bugs that can be planted in it.</param>
/// <param name="Create">Makes a fresh one, not started.</param>
internal sealed record TargetEntry(
    string Name, string Description, bool TakesStore, IReadOnlyList<PlantableBug> Bugs, Func<TargetChoice, ITarget> Create);

/// <summary>The targets that can be named on the command line.</summary>
internal static class TargetRegistry
{
    /// <summary>The target of a run that names none.</summary>
    public const string Default = "autonomos";

    /// <summary>The environment variable with the password of the store named by --store. Never a flag: flags show in process lists.</summary>
    public const string StorePasswordVariable = "PARTYWALL_STORE_PASSWORD";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<TargetEntry> All { get; } =
    [
        new(
            Default,
            "AutonomOS, the job platform that comes with Partywall: 'autonomos serve' and its workers as processes of their own, used over the HTTP API. On a store of its own, or on a Redis of yours (--store).",
            TakesStore: true,
            Bugs: [],
            static choice => new AutonomOSTarget(new AutonomOSTargetOptions
            {
                Store = choice.Store ?? AutonomOSTargetOptions.EmbeddedStore,
                StorePassword = choice.Store is null ? null : Environment.GetEnvironmentVariable(StorePasswordVariable),
            })),
        new(
            "model",
            "A small job system inside this process, correct by construction, in which bugs can be planted (--plant). Checks are tried on it: a run without a bug must pass, a run with one must fail.",
            TakesStore: false,
            Bugs: [.. Model.PlantedBug.All.Select(static b => new PlantableBug(b.Name, $"{b.Breaks} Turns {b.Check} red in {b.Scenario}."))],
            static choice => new Model.ModelTarget(choice.PlantedBug is { } bug ? Model.PlantedBug.Find(bug) : null)),
    ];

    /// <summary>Finds a target.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static TargetEntry Find(string name) =>
        All.FirstOrDefault(t => t.Name == name) ?? throw new UsageException(Nearest.Unknown("target", name, [.. All.Select(static t => t.Name)]));
}
