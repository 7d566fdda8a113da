using Partywall.History;

namespace Partywall.Checks.Harness;

/// <summary>The history is whole: the run went through to its end, and all of it is there.</summary>
public sealed class HarnessCompleteCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "harness.complete";

    /// <inheritdoc/>
    public string Claim => "The run went through to its end and all of it was recorded.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        notes.Figure("events", history.Events.Count, "events");
        if (history.Cut is { } cut)
        {
            notes.Doubt($"{Capital(cut)}: the run was cut off, and what came after is not known.");
        }
        else if (history.End is { Outcome: RunOutcome.Interrupted } interrupted)
        {
            notes.Doubt($"The run was stopped from outside. {interrupted.Reason ?? "No reason was recorded."}");
        }
        else if (history.End is { Outcome: RunOutcome.Broken } broken)
        {
            notes.Doubt($"The run broke. {broken.Reason ?? "No reason was recorded."}");
        }

        return notes.Result(history.Events.Count, "The history is empty.");
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
