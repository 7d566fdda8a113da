namespace Partywall.Scenarios;

/// <summary>The settings of a run.</summary>
public sealed record RunSettings
{
    /// <summary>How large.</summary>
    public required ScenarioSize Size { get; init; }

    /// <summary>The seed of all randomness. The same seed draws the same schedules, canaries and choices.</summary>
    public required int Seed { get; init; }

    /// <summary>
    /// Where histories and logs go: for each variant a directory <c>suite-scenario[-variant]</c> with
    /// <c>history.jsonl</c> and <c>logs/</c>. Created when missing.
    /// </summary>
    public required string OutDirectory { get; init; }

    /// <summary>The bug planted in the target on purpose, for the header; null in an honest run.</summary>
    public string? PlantedBug { get; init; }

    /// <summary>The longest a target may take to start, in milliseconds. Default 60,000.</summary>
    public int StartMsMax { get; init; } = 60_000;

    /// <summary>The longest a target may take to stop, in milliseconds, after which the run is broken. Default 30,000.</summary>
    public int StopMsMax { get; init; } = 30_000;
}
