using Partywall.History;

namespace Partywall.Checks.Isolation;

/*
 * Which ids a system takes is its own affair; what it does with the others is not. An id it does not take must be refused
 * with a code, not by an error nobody can act on. And some no system should take, because two ids that look the same to a
 * person, a log or a line-based protocol are then two tenants: an empty one, one with a control character in it, one that
 * begins or ends with white space, one without end.
 *
 * That nothing is left of a refused id is judged by isolation.keys, and that those taken are isolated from their
 * look-alikes by all the others.
 */

/// <summary>An id is taken or clearly refused, and what could pass for another id is refused.</summary>
public sealed class IsolationIdsCheck : ICheck
{
    /// <summary>The longest id that a system may take, in characters.</summary>
    public const int LengthMax = 1_024;

    /// <inheritdoc/>
    public string Name => "isolation.ids";

    /// <inheritdoc/>
    public string Claim => "A tenant id is taken or clearly refused, and one that could pass for another is refused.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var taken = 0;
        var refused = 0;
        for (var i = 0; i < history.Events.Count; i++)
        {
            switch (history.Events[i])
            {
                case TenantOnboarded tenant:
                    taken++;
                    if (Deceit(tenant.Tenant) is { } deceit)
                    {
                        notes.Find($"The id {Shown(tenant.Tenant)} was taken, though it {deceit}.", [i + 1], tenant.Tenant);
                    }

                    break;
                case TenantRefused { Code: null or "" } unclear:
                    notes.Find($"The id {Shown(unclear.Tenant)} was not taken, and no code says why: {unclear.Detail}", [i + 1], unclear.Tenant);
                    break;
                case TenantRefused:
                    refused++;
                    break;
            }
        }

        notes.Figure("taken", taken, "ids");
        notes.Figure("refused", refused, "ids");
        return notes.Result(refused, "No id was refused, so nothing shows that any would be.");
    }

    /// <summary>Why no system should take an id; null when there is no such reason.</summary>
    internal static string? Deceit(string id) => id switch
    {
        "" => "is empty",
        _ when id.Any(char.IsControl) => "has a control character in it",
        _ when char.IsWhiteSpace(id[0]) || char.IsWhiteSpace(id[^1]) => "begins or ends with white space",
        _ when id.Length > LengthMax => $"has {id.Length} characters",
        _ => null,
    };

    private static string Shown(string id)
    {
        const int Most = 60;
        var text = string.Concat(id.Take(Most).Select(static c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()));
        return id.Length > Most ? $"“{text}…”" : $"“{text}”";
    }
}
