using System.Text.Json.Serialization;
using Partywall.Checks;

namespace Partywall.Reporting;

/// <summary>A run as it stands in <c>report.json</c>. The format is described in <c>docs/report.md</c>.</summary>
public sealed record RunReport
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "partywall-report";

    /// <summary>The version written.</summary>
    public const int FormatVersion = 1;

    /// <summary>Always <see cref="FormatName"/>.</summary>
    public string Format { get; init; } = FormatName;

    /// <summary>The format's version.</summary>
    public int Version { get; init; } = FormatVersion;

    /// <summary>The wall clock at the start.</summary>
    public required DateTimeOffset StartedUtc { get; init; }

    /// <summary>From the first target's start to the last one's stop, in milliseconds.</summary>
    public required double DurationMs { get; init; }

    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary>The store the target was run against; null where it has none to choose.</summary>
    public string? Store { get; init; }

    /// <summary>The profile.</summary>
    public required string Profile { get; init; }

    /// <summary>The bug planted on purpose; null in an honest run.</summary>
    public string? PlantedBug { get; init; }

    /// <summary>Whether what stays below the product's own bar counts as a failure.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether the run was stopped from outside before all scenarios had run.</summary>
    public bool Interrupted { get; init; }

    /// <summary>All scenarios together.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>The exit code that goes with it.</summary>
    public required int ExitCode { get; init; }

    /// <summary>Each variant of each scenario, in the order in which they ran.</summary>
    public required IReadOnlyList<ScenarioReport> Scenarios { get; init; }
}

/// <summary>One variant of a scenario in a report.</summary>
public sealed record ScenarioReport
{
    /// <summary>The scenario's name.</summary>
    public required string Name { get; init; }

    /// <summary>The variant; empty when the scenario has one only.</summary>
    public required string Variant { get; init; }

    /// <summary>What it claims.</summary>
    public string? Claim { get; init; }

    /// <summary>Why the load lets the claim be seen; null when judged again from a history, which does not say.</summary>
    public string? Why { get; init; }

    /// <summary>All its checks together.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Why it was skipped, or did not finish; null when it did.</summary>
    public string? Reason { get; init; }

    /// <summary>The history, relative to the report's directory; null when nothing was run.</summary>
    public string? History { get; init; }

    /// <summary>The logs of the target's processes, relative to the report's directory; null when nothing was run.</summary>
    public string? Logs { get; init; }

    /// <summary>Figures from the history; null without one.</summary>
    public ScenarioFigures? Figures { get; init; }

    /// <summary>Each check's result.</summary>
    public required IReadOnlyList<CheckResult> Checks { get; init; }

    /// <summary>Name and variant as shown to people.</summary>
    [JsonIgnore]
    public string Title => Variant.Length == 0 ? Name : $"{Name} ({Variant})";

    /// <summary>Whether a check passed below the product's own bar.</summary>
    [JsonIgnore]
    public bool IsBelowBar => Checks.Any(static c => c.BelowBar is not null);
}

/// <summary>Generated serialization of reports.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(RunReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
