using Partywall.Scenarios.Stress;

namespace Partywall.Scenarios;

/// <summary>All scenarios there are.</summary>
public static class ScenarioCatalogue
{
    /// <summary>The scenarios in the order in which they run.</summary>
    public static IReadOnlyList<Scenario> All { get; } = [new IsolationUnderLoad(), new Quota(), new Burst(), new MixedDurations(), new Fairness(), new HostileIds(), new DataIsolation()];

    /// <summary>Finds the scenarios meant by a word on the command line.</summary>
    /// <param name="name">A scenario's name, such as <c>stress/quota</c>, or a suite's, such as <c>stress</c>.</param>
    /// <returns>The scenarios in their order; empty when there is none of that name.</returns>
    public static IReadOnlyList<Scenario> Find(string name) =>
        [.. All.Where(s => s.Name == name || s.Name.StartsWith(name + "/", StringComparison.Ordinal))];
}
