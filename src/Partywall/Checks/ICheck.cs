using Partywall.History;

namespace Partywall.Checks;

/// <summary>
/// One claim about a run, judged from its history and nothing else. Implementations are pure functions without
/// state, so they may be called from several threads, and the same history always gives the same result.
/// </summary>
/// <remarks>
/// A check never passes by default: without anything to judge it is inconclusive. What it calls wrong must be wrong in
/// every longer history too, because it also judges histories that were cut off.
/// </remarks>
public interface ICheck
{
    /// <summary>The check's name, such as <c>slots.bound</c>; its page is <c>docs/checks/NAME.md</c>.</summary>
    string Name { get; }

    /// <summary>What holds when the check passes: one sentence for the list and the report.</summary>
    string Claim { get; }

    /// <summary>Judges a history.</summary>
    /// <param name="history">The history, complete or not.</param>
    /// <returns>The result. Never skipped.</returns>
    CheckResult Evaluate(HistoryData history);
}
