using Partywall.History;

namespace Partywall.Checks.Fairness;

/*
 * In a pool that does not preempt, a full one makes a newcomer wait; but no longer than until the next slot is free. So when a
 * tenant that runs nothing and waits for nothing has a job accepted while all slots are taken by others, the first slot that
 * is given back after that is its turn.
 *
 * Judged by order and not by time, since how long a body goes on is the load's doing: from the first stop after the
 * acceptance, and the time the system states for a hand-over and for knowing of the newcomer, until the newcomer's first
 * start, no body of another tenant may start. One that starts within that time may have been on its way.
 *
 * Two newcomers at once are not judged: only one of them can be the first.
 */

/// <summary>A tenant that comes to a full pool with nothing running gets the next slot that is free.</summary>
public sealed class FairnessNextSlotCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "fairness.next-slot";

    /// <inheritdoc/>
    public string Claim => "A tenant that runs nothing and comes to a full pool gets the next slot that is free.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        if (FairnessTerms.Of(history, notes) is not { } stated)
        {
            return notes.Result(0, "The run states no terms of dispatch, so how long a hand-over may take is not known.");
        }

        var marginNs = Nanoseconds.FromMs(stated.Terms.HandOverMs + (long)stated.Terms.NoteMs);
        var bodies = BodyRun.Of(history);
        var disturbances = Disturbance.Of(history);
        var judged = 0;
        long longestNs = 0;
        foreach (var arrival in Newcomers.Of(history, bodies).Where(j => stated.Terms.Tenants.Contains(j.Tenant, StringComparer.Ordinal)))
        {
            var atNs = arrival.Accepted!.Answer!.AtNs;
            var ran = bodies.Where(b => b.Start.AtNs <= atNs && b.SurelyUntilNs > atNs).ToList();
            var own = bodies.Where(b => b.Start.Tenant == arrival.Tenant && b.Start.AtNs > arrival.Accepted.Asked.AtNs).MinBy(static b => b.Start.AtNs);

            // Slots on their way from one body to the next are taken, and do not show: a full pool is seen a hand-over around.
            if (ran.Count < history.Header.PoolSize || ran.Exists(b => b.Start.Tenant == arrival.Tenant) || own is null)
            {
                continue;
            }

            var freedNs = ran.Min(static b => b.SurelyUntilNs);
            if (disturbances.Any(d => d.Touches(atNs, own.Start.AtNs)))
            {
                continue;
            }

            judged++;
            longestNs = Math.Max(longestNs, own.Start.AtNs - freedNs);
            var ahead = bodies.Where(b => b.Start.Tenant != arrival.Tenant && b.Start.AtNs > freedNs + marginNs && b.Start.AtNs < own.Start.AtNs).ToList();
            if (ahead.Count > 0)
            {
                notes.Find(
                    $"{arrival.Tenant} came to a full pool with nothing running {Nanoseconds.ToMs(atNs):0} ms into the run. A slot was free {Nanoseconds.ToMs(freedNs - atNs):0} ms later, but {ahead.Count} bod(ies) of {string.Join(", ", ahead.Select(static b => b.Start.Tenant).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(3))} started before its first, which did after {Nanoseconds.ToMs(own.Start.AtNs - atNs):0} ms.",
                    [arrival.Accepted.AnswerLine, .. ahead.Take(5).Select(static b => b.StartLine), own.StartLine],
                    arrival.Tenant);
            }
        }

        notes.Figure("newcomers to a full pool", judged, "arrivals");
        notes.Figure("longest wait beyond the first free slot", Nanoseconds.ToMs(longestNs), "ms");
        return notes.Result(judged, "No tenant that ran nothing came to a full pool.");
    }
}
