using Partywall.History;

namespace Partywall.Checks.Fairness;

/// <summary>Finds the terms of fairness in a history.</summary>
internal static class FairnessTerms
{
    /// <summary>The terms in force and their line; null when there are none that can be used, with the reason noted.</summary>
    public static (FairnessStated Terms, int Line)? Of(HistoryData history, CheckNotes notes)
    {
        for (var i = history.Events.Count - 1; i >= 0; i--)
        {
            if (history.Events[i] is not FairnessStated terms)
            {
                continue;
            }

            var missing = terms.Tenants.Except(history.Of<TenantOnboarded>().Select(static t => t.Tenant), StringComparer.Ordinal).ToList();
            if (missing.Count > 0)
            {
                notes.Doubt($"Fairness was to be tried with {string.Join(", ", missing.Take(3))}, which was never brought in.");
            }

            if (history.Of<OperationInvoked>().Any(static o => o.Pool is not null))
            {
                notes.Doubt("Jobs went to more than one pool, and which slots they shared is not in the history.");
            }

            return (terms, i + 1);
        }

        return null;
    }
}
