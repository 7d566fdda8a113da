namespace Partywall.Scenarios;

/// <summary>What became of a variant's run. A verdict is made from the history, not from this.</summary>
public enum VariantStatus
{
    /// <summary>There is a complete history.</summary>
    Finished,

    /// <summary>It was stopped from outside; the history holds what was seen until then.</summary>
    Interrupted,

    /// <summary>The target could not be started, or it broke under way. There may be a history of what was seen until then.</summary>
    Broken,

    /// <summary>The harness itself broke, which is a defect of Partywall. There may be a history of what was seen until then.</summary>
    HarnessBroken,

    /// <summary>The target lacks a capability that the scenario needs; nothing was run.</summary>
    Skipped,
}

/// <summary>The result of running a variant.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Variant">The variant.</param>
/// <param name="Status">What became of it.</param>
/// <param name="HistoryPath">The history; null when nothing was run.</param>
/// <param name="LogDirectory">The logs of the target's processes; null when nothing was run.</param>
/// <param name="Reason">Why it did not finish, in words; null when it did.</param>
/// <param name="Elapsed">How long it took, start and stop of the target included.</param>
public sealed record VariantResult(
    Scenario Scenario,
    ScenarioVariant Variant,
    VariantStatus Status,
    string? HistoryPath,
    string? LogDirectory,
    string? Reason,
    TimeSpan Elapsed);
