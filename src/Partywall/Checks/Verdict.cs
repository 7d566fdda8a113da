using System.Text.Json.Serialization;

namespace Partywall.Checks;

/// <summary>What is concluded, of a check, a scenario or a whole run.</summary>
public enum Verdict
{
    /// <summary>It was looked at, with enough to see, and it holds.</summary>
    [JsonStringEnumMemberName("pass")]
    Pass,

    /// <summary>It does not hold; at least one finding shows it.</summary>
    [JsonStringEnumMemberName("fail")]
    Fail,

    /// <summary>Nothing wrong was seen, but what was seen does not allow to say that it holds.</summary>
    [JsonStringEnumMemberName("inconclusive")]
    Inconclusive,

    /// <summary>A scenario was not run, because the target lacks a capability it needs. Never of a check.</summary>
    [JsonStringEnumMemberName("skipped")]
    Skipped,
}

/// <summary>How verdicts add up, and what they mean as an exit code.</summary>
public static class Verdicts
{
    /// <summary>
    /// The verdict of a whole from those of its parts: one failure fails it; without one, anything inconclusive makes it
    /// inconclusive; skipped parts do not count, unless there is nothing else.
    /// </summary>
    /// <param name="parts">The parts' verdicts.</param>
    /// <returns>Never <see cref="Verdict.Pass"/> without a part that passed. Inconclusive when there are no parts at all.</returns>
    public static Verdict Combine(IEnumerable<Verdict> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var seen = parts.ToHashSet();
        return seen switch
        {
            _ when seen.Contains(Verdict.Fail) => Verdict.Fail,
            _ when seen.Contains(Verdict.Inconclusive) => Verdict.Inconclusive,
            _ when seen.Contains(Verdict.Pass) => Verdict.Pass,
            _ when seen.Contains(Verdict.Skipped) => Verdict.Skipped,
            _ => Verdict.Inconclusive,
        };
    }

    /// <summary>The exit code of a run: 0 all passed, 1 something failed, 2 nothing failed but not all was concluded.</summary>
    /// <param name="verdict">The run's verdict.</param>
    /// <param name="belowBar">Whether something passed below the product's own bar.</param>
    /// <param name="strict">Whether that counts as a failure.</param>
    public static int ExitCode(Verdict verdict, bool belowBar = false, bool strict = false) => verdict switch
    {
        Verdict.Pass when belowBar && strict => 1,
        Verdict.Pass => 0,
        Verdict.Fail => 1,
        _ => 2,
    };
}
