using Partywall.History;

namespace Partywall.Checks.Fairness;

/*
 * A reserve is for the tenant that comes to a pool in which everything else is taken: it need not wait for any of the bodies
 * that run to end. So when a tenant that runs nothing and waits for nothing has a job accepted while others' bodies fill all
 * slots that are anybody's, its first body starts before any of those stops.
 *
 * Judged by order and not by time, since how long those bodies go on is the load's doing. One that stops within the time
 * the system states for a hand-over and for knowing of the newcomer says nothing: the newcomer may have been on its way.
 *
 * Who else may sit on the reserve? A tenant that holds a slot is given none of it, so of each other tenant at most one job
 * does. Where as many other tenants have something open as slots are kept, there may be none left, and nothing is judged. How
 * many bodies of one tenant run plays no part in that: a system that gives the reserve to whoever asks shows just so.
 */

/// <summary>Where slots are kept for tenants that run nothing, such a tenant need not wait until another's body ends.</summary>
public sealed class FairnessReserveCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "fairness.reserve";

    /// <inheritdoc/>
    public string Claim => "A tenant that runs nothing is started in a reserved slot, without waiting until another's body ends.";

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
        var reserved = history.Header.ReservedSlots;
        var general = history.Header.PoolSize - reserved;
        var bodies = BodyRun.Of(history);
        var disturbances = Disturbance.Of(history);
        var judged = 0;
        long longestNs = 0;
        foreach (var arrival in Newcomers.Of(history, bodies).Where(j => stated.Terms.Tenants.Contains(j.Tenant, StringComparer.Ordinal)))
        {
            var (askedNs, atNs) = (arrival.Accepted!.Asked.AtNs, arrival.Accepted.Answer!.AtNs);
            var ran = bodies.Where(b => b.Start.AtNs <= atNs && b.SurelyUntilNs > atNs + marginNs && b.Start.Tenant != arrival.Tenant).ToList();
            var own = bodies.Where(b => b.Start.Tenant == arrival.Tenant && b.Start.AtNs > askedNs).MinBy(static b => b.Start.AtNs);
            if (own is null || ran.Count < general || disturbances.Any(d => d.Touches(atNs, own.Start.AtNs)))
            {
                continue;
            }

            var others = bodies.Where(b => b.Start.Tenant != arrival.Tenant && b.Start.AtNs < own.Start.AtNs + marginNs && b.PossiblyUntilNs > askedNs - marginNs)
                .Select(static b => b.Start.Tenant).Distinct(StringComparer.Ordinal).Count();
            if (others >= reserved)
            {
                continue;
            }

            judged++;
            longestNs = Math.Max(longestNs, own.Start.AtNs - atNs);
            if (ran.MinBy(static b => b.SurelyUntilNs) is { } first && first.SurelyUntilNs < own.Start.AtNs)
            {
                notes.Find(
                    $"{arrival.Tenant} came with nothing running {Nanoseconds.ToMs(atNs):0} ms into the run. {reserved} of {history.Header.PoolSize} slots are kept for such tenants, but its first body started after {Nanoseconds.ToMs(own.Start.AtNs - atNs):0} ms, {Nanoseconds.ToMs(own.Start.AtNs - first.SurelyUntilNs):0} ms after one of {first.Start.Tenant} had ended, of which {ran.Count(b => b.Start.Tenant == first.Start.Tenant)} ran.",
                    [arrival.Accepted.AnswerLine, first.StopLine, own.StartLine],
                    arrival.Tenant);
            }
        }

        notes.Figure("newcomers to a pool with a reserve", judged, "arrivals");
        notes.Figure("longest wait of a newcomer", Nanoseconds.ToMs(longestNs), "ms");
        return notes.Result(judged, "No tenant that ran nothing came while all other slots were taken and one of the reserve had to be free.");
    }
}
