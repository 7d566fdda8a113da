using Partywall.History;

namespace Partywall.Checks.Reconciliation;

/// <summary>When all work has ended, the system finds nothing to mend in its own structures.</summary>
/// <remarks>
/// It is the system's own word, so it can only accuse: a reconciler that looks for nothing finds nothing. What was looked
/// for stands among the figures. The slots, keys and jobs are judged from outside by checks of their own.
/// </remarks>
public sealed class ReconciliationCleanCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "reconciliation.clean";

    /// <inheritdoc/>
    public string Claim => "At rest the system finds nothing to mend in its own structures.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var restNs = history.Of<PhaseBegan>().FirstOrDefault(static p => p.Phase == RunPhase.AtRest)?.AtNs ?? long.MaxValue;
        var allEnded = history.Of<Settled>().LastOrDefault() is { AllEnded: true };
        var lookedFor = 0;
        for (var i = 0; i < history.Events.Count; i++)
        {
            if (history.Events[i] is not Reconciled reconciled || reconciled.FromNs < restNs)
            {
                continue;
            }

            lookedFor += reconciled.Mended.Count;
            foreach (var (kind, times) in reconciled.Mended.OrderBy(static m => m.Key, StringComparer.Ordinal))
            {
                notes.Figure(kind, times, "repairs");
                if (times > 0 && allEnded)
                {
                    notes.Find($"The system had {times} thing(s) of this kind to mend: {kind}.", [i + 1]);
                }
            }
        }

        if (!allEnded)
        {
            notes.Doubt("Not all work had ended, so something may rightly be under way.");
        }

        return notes.Result(lookedFor, "The system was not asked to look through its structures.");
    }
}
