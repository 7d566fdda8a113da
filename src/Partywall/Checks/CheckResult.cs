namespace Partywall.Checks;

/// <summary>What a check says about a history. Immutable.</summary>
public sealed record CheckResult
{
    /// <summary>The most findings that are kept; beyond it they are only counted.</summary>
    public const int FindingsMax = 50;

    /// <summary>The check's name.</summary>
    public required string Check { get; init; }

    /// <summary>Pass, fail or inconclusive.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Why it is inconclusive; for another verdict what could not be judged, or null.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// Where a check that passed stays below the product's own bar, which is higher than what is demanded: the figure and
    /// the bar, in words. Null when it does not, or has no such bar.
    /// </summary>
    public string? BelowBar { get; init; }

    /// <summary>What is wrong, at most <see cref="FindingsMax"/>; empty unless the check failed.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>How many findings there were.</summary>
    public int FindingCount { get; init; }

    /// <summary>Numbers beside the verdict.</summary>
    public IReadOnlyList<Figure> Figures { get; init; } = [];

    /// <summary>An inconclusive result without findings or figures.</summary>
    /// <param name="check">The check's name.</param>
    /// <param name="reason">Why nothing can be said.</param>
    public static CheckResult Inconclusive(string check, string reason) =>
        new() { Check = check, Verdict = Verdict.Inconclusive, Reason = reason };
}
