using Partywall.History;

namespace Partywall.Checks;

/// <summary>The verdict on one history: one run of one variant of a scenario.</summary>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Variant">The variant; empty when the scenario has one only.</param>
/// <param name="Verdict">All checks together.</param>
/// <param name="Checks">Each check's result, in the order of the catalogue.</param>
public sealed record HistoryVerdict(string Scenario, string Variant, Verdict Verdict, IReadOnlyList<CheckResult> Checks);

/// <summary>
/// Judges a history by the checks its header names. A pure function: the verdict right after a run and the one of
/// <c>partywall check</c> years later are made here, and are the same.
/// </summary>
public static class HistoryJudge
{
    /// <summary>Judges a history.</summary>
    /// <param name="history">The history, complete or not. In an incomplete one nothing passes, but a failure stays one.</param>
    public static HistoryVerdict Judge(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var header = history.Header;
        var named = header.Checks.Concat(CheckCatalogue.Always).ToHashSet(StringComparer.Ordinal);
        var results = new List<CheckResult>();
        foreach (var check in CheckCatalogue.All.Where(c => named.Remove(c.Name)))
        {
            results.Add(Evaluate(check, history));
        }

        results.AddRange(named.Order(StringComparer.Ordinal).Select(static name => CheckResult.Inconclusive(
            name, "This program has no check of that name: the history was written by another version. Judge it with that one.")));
        if (header.Checks.Count == 0)
        {
            results.Add(CheckResult.Inconclusive("harness.complete", "The header names no checks, so there is nothing this run could prove."));
        }

        return new HistoryVerdict(header.Scenario, header.Variant, Verdicts.Combine(results.Select(static r => r.Verdict)), results);
    }

    /// <summary>Runs one check. One that throws says nothing about the system, so it is inconclusive.</summary>
    /// <param name="check">The check.</param>
    /// <param name="history">The history.</param>
    public static CheckResult Evaluate(ICheck check, HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(check);
        ArgumentNullException.ThrowIfNull(history);
        CheckResult result;
        try
        {
            result = check.Evaluate(history);
        }
        catch (Exception e)
        {
            return CheckResult.Inconclusive(
                check.Name, $"The check itself broke ({e.GetType().Name}: {e.Message}). This is a bug of Partywall; please report it with the history.");
        }

        return result.Verdict == Verdict.Pass && !history.IsComplete
            ? result with { Verdict = Verdict.Inconclusive, Reason = "Nothing wrong in what is there, but the history is not complete." }
            : result;
    }
}
