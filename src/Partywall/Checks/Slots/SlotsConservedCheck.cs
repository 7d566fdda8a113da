using Partywall.History;

namespace Partywall.Checks.Slots;

/*
 * Two ways to lose a slot, and how each shows.
 *
 * A slot that leaks stays held when nothing runs: at rest every sample must be 0. Before rest it shows too, as more held
 * slots than bodies that could have held one. A slot is held from the claim until the outcome is settled, so a body may
 * hold one from HandOverMs before its start until HandOverMs after its stop; more than that is nobody's.
 *
 * A slot that is freed under a live body shows as fewer held slots than bodies that ran through the whole time of the
 * sample. (A sample is true of some moment between its two ends; a body that ran through both held a slot all along.)
 *
 * After a fault or a stall leases lapse and are reaped, so for RecoveryMs after one only rest is judged; and rest only
 * when everything accepted had ended, because otherwise something may rightly be held.
 */

/// <summary>At rest nobody holds a slot; under way the held slots are those of the live attempts.</summary>
public sealed class SlotsConservedCheck : ICheck
{
    /// <summary>The longest a slot may be held before its body starts or after it stopped, in milliseconds.</summary>
    public const int HandOverMs = 2_000;

    /// <summary>How long after a disturbance held slots may differ from live bodies, in milliseconds: lapsed leases wait to be reaped.</summary>
    public const int RecoveryMs = 30_000;

    /// <inheritdoc/>
    public string Name => "slots.conserved";

    /// <inheritdoc/>
    public string Claim => "At rest no tenant holds a slot; under way the held slots are those of its live attempts.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var disturbances = Disturbance.Of(history);
        var bodies = BodyRun.Of(history)
            .GroupBy(static b => b.Start.Tenant, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => new LiveAttempts(g), StringComparer.Ordinal);
        var none = new LiveAttempts([]);
        var rest = history.Of<PhaseBegan>().FirstOrDefault(static p => p.Phase == RunPhase.AtRest);
        var allEnded = history.Of<Settled>().LastOrDefault() is { AllEnded: true };
        var atRest = new Dictionary<string, int>(StringComparer.Ordinal);
        var underWay = 0;
        var most = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < history.Events.Count; i++)
        {
            if (history.Events[i] is not HeldSlotsSampled sample)
            {
                continue;
            }

            var isRest = rest is not null && sample.FromNs >= rest.AtNs;
            var calm = !disturbances.Any(d => d.Touches(sample.FromNs, sample.AtNs, Nanoseconds.FromMs(RecoveryMs)));
            foreach (var (tenant, held) in sample.Held)
            {
                most[tenant] = Math.Max(held, most.GetValueOrDefault(tenant));
                if (isRest && allEnded)
                {
                    atRest[tenant] = atRest.GetValueOrDefault(tenant) + 1;
                    if (held != 0)
                    {
                        notes.Find($"At rest, with everything ended, {tenant} still holds {held} slot(s).", [i + 1], tenant);
                    }
                }
                else if (calm)
                {
                    underWay++;
                    JudgeUnderWay(tenant, held, sample, i + 1, bodies.GetValueOrDefault(tenant, none), notes);
                }
            }
        }

        foreach (var (tenant, held) in most.OrderBy(static p => p.Key, StringComparer.Ordinal))
        {
            notes.Figure("most held slots", held, "slots", tenant);
        }

        notes.Figure("samples under way", underWay, "samples");
        notes.Figure("samples at rest", atRest.Values.Sum(), "samples");
        if (most.Count > 0 && history.IsComplete)
        {
            DoubtRest(history, atRest, allEnded, notes);
        }

        return notes.Result(most.Count, "Held slots were never sampled.");
    }

    private static void JudgeUnderWay(string tenant, int held, HeldSlotsSampled sample, int line, LiveAttempts live, CheckNotes notes)
    {
        var least = live.Throughout(sample.FromNs, sample.AtNs);
        var most = live.Around(sample.FromNs, sample.AtNs);
        if (held < least)
        {
            notes.Find(
                $"{tenant} held {held} slot(s) while {least} of its bodies ran: a slot was freed under a live body.", [line], tenant);
        }
        else if (held > most)
        {
            notes.Find(
                $"{tenant} held {held} slot(s), but within {HandOverMs} ms of the sample only {most} of its bodies ran: a slot is held by nobody.",
                [line],
                tenant);
        }
    }

    private static void DoubtRest(HistoryData history, Dictionary<string, int> atRest, bool allEnded, CheckNotes notes)
    {
        if (!allEnded)
        {
            notes.Doubt("The system never came to rest, so that nothing is held at rest could not be seen.");
            return;
        }

        var unseen = history.Of<TenantOnboarded>().Select(static t => t.Tenant).Where(t => !atRest.ContainsKey(t)).ToList();
        if (unseen.Count > 0)
        {
            notes.Doubt($"At rest the slots of {string.Join(", ", unseen.Take(5))} were not sampled ({unseen.Count} tenant(s)).");
        }
    }
}
