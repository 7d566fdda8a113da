using Partywall.Scenarios;

namespace Partywall.Reporting;

/// <summary>What a run is, for its first lines.</summary>
/// <param name="Seed">The seed; printed first, so that even a run that is killed can be repeated.</param>
/// <param name="Target">The target.</param>
/// <param name="Profile">The profile.</param>
/// <param name="Store">The store; null where there is none to choose.</param>
/// <param name="PlantedBug">The planted bug; null in an honest run.</param>
/// <param name="Scenarios">The scenarios' names.</param>
public sealed record RunIntroduction(
    int Seed, string Target, string Profile, string? Store, string? PlantedBug, IReadOnlyList<string> Scenarios);

/// <summary>Shows a run to a person while it goes and when it is over.</summary>
public interface IRunDisplay
{
    /// <summary>Shows what is about to be run.</summary>
    /// <param name="introduction">What it is.</param>
    void Begin(RunIntroduction introduction);

    /// <summary>Shows a run while it goes.</summary>
    /// <typeparam name="T">What it returns.</typeparam>
    /// <param name="title">Scenario and variant.</param>
    /// <param name="run">The run; it reports where it stands.</param>
    Task<T> WatchAsync<T>(string title, Func<IProgress<ScenarioProgress>, Task<T>> run);

    /// <summary>Shows the verdict on a scenario, with what it found.</summary>
    /// <param name="scenario">The scenario.</param>
    void Show(ScenarioReport scenario);

    /// <summary>Shows all verdicts with their figures, and at last where the report is.</summary>
    /// <param name="report">The report.</param>
    /// <param name="directory">The report's directory; null when none was written.</param>
    void End(RunReport report, string? directory);
}
