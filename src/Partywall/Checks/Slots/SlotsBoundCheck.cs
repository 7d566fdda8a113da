using Partywall.History;

namespace Partywall.Checks.Slots;

/*
 * What counts as over the limit.
 *
 * The claim is about starts, not about running: a body may go on while its tenant's limit is lowered under it, but no
 * new one may start then. So the bodies of each tenant are walked in the order of time, and each start is held against
 * the number that run at that moment.
 *
 *   - Moments are the bodies' own, from one monotonic clock on one host. A body reports its stop before it gives its slot
 *     back and its start after it was given one, so the witnessed span lies inside the time the slot was held: an overlap
 *     seen here was an overlap of slots. A stop and a start at the same nanosecond are no overlap.
 *   - A slot is claimed a moment before its body starts. A claim made under the old limit may thus start its body after a
 *     lower one was confirmed; so a start is held against the largest limit in force in the LimitGraceMs before it, and
 *     longer if the body's process stalled in between.
 *   - A body without a stop counts as long as its process surely lives.
 *   - A process that was stopped (SIGSTOP), or that stalled beyond what the run allows, cannot know that its leases have
 *     lapsed. Its bodies do not count from then until ResumeMs after it went on, and its own starts in that time are not
 *     judged. What such a body writes afterwards is for jobs.fenced.
 */

/// <summary>No body starts while at least as many of its tenant run as the largest limit in force in the moments before.</summary>
public sealed class SlotsBoundCheck : ICheck
{
    /// <summary>How long before a body's start its slot may have been claimed, in milliseconds.</summary>
    public const int LimitGraceMs = 500;

    /// <summary>How long after it goes on a paused process has to stop what lost its lease, in milliseconds.</summary>
    public const int ResumeMs = 1_000;

    // In one instant: what ends first, then what starts, then what counts again.
    private const int Ends = 0;
    private const int Starts = 1;
    private const int CountsAgain = 2;

    /// <inheritdoc/>
    public string Name => "slots.bound";

    /// <inheritdoc/>
    public string Claim => "No body starts while as many of its tenant run as the tenant's limit allows.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var limits = LimitTimeline.Of(history);
        var pauses = Pauses(history);
        var judged = 0;
        foreach (var tenant in BodyRun.Of(history).GroupBy(static b => b.Start.Tenant, StringComparer.Ordinal))
        {
            if (limits.TryGetValue(tenant.Key, out var limit))
            {
                judged += Judge(tenant.Key, tenant, limit, pauses, history, notes);
            }
            else
            {
                notes.Doubt($"Bodies ran for {tenant.Key}, a tenant whose limit the history does not name.");
            }
        }

        return notes.Result(judged, "No body started, so no limit was tried.");
    }

    private static int Judge(
        string tenant,
        IEnumerable<BodyRun> bodies,
        LimitTimeline limit,
        ILookup<string, (long FromNs, long UntilNs)> pauses,
        HistoryData history,
        CheckNotes notes)
    {
        var moments = new List<(long AtNs, int Kind, BodyRun Body)>();
        foreach (var body in bodies)
        {
            AddMoments(moments, body, pauses[body.Start.Process]);
        }

        moments.Sort(static (a, b) => (a.AtNs, a.Kind, a.Body.StartLine).CompareTo((b.AtNs, b.Kind, b.Body.StartLine)));
        var stalls = new Lazy<IReadOnlyList<WitnessStalled>>(() => [.. history.Of<WitnessStalled>()]);
        var running = new HashSet<BodyRun>(ReferenceEqualityComparer.Instance);
        var peak = 0;
        var judged = 0;
        foreach (var (atNs, kind, body) in moments)
        {
            if (kind == Ends)
            {
                running.Remove(body);
                continue;
            }

            if (kind == Starts && !IsPaused(pauses[body.Start.Process], atNs))
            {
                judged++;
                var fromNs = atNs - Nanoseconds.FromMs(LimitGraceMs);
                var allowed = limit.LargestIn(fromNs, atNs);
                if (running.Count >= allowed && running.Count >= (allowed = limit.LargestIn(BeforeStalls(fromNs, body, stalls.Value), atNs)))
                {
                    notes.Find(
                        $"Body {body.Start.Body} of {tenant} started while {running.Count} others ran; its limit was {allowed}.",
                        running.Select(static b => b.StartLine).Append(body.StartLine),
                        tenant,
                        body.Start.Job);
                }
            }

            if (body.SurelyUntilNs > atNs)
            {
                running.Add(body);
                peak = Math.Max(peak, running.Count);
            }
            else
            {
                peak = Math.Max(peak, running.Count + 1);
            }
        }

        notes.Figure("peak concurrency", peak, "bodies", tenant);
        return judged;
    }

    /// <summary>A body's start, its end, and the spans in between in which it does not count.</summary>
    private static void AddMoments(List<(long AtNs, int Kind, BodyRun Body)> moments, BodyRun body, IEnumerable<(long FromNs, long UntilNs)> pauses)
    {
        moments.Add((body.Start.AtNs, Starts, body));
        if (body.SurelyUntilNs <= body.Start.AtNs)
        {
            return;
        }

        foreach (var (fromNs, untilNs) in pauses)
        {
            if (fromNs < body.SurelyUntilNs && untilNs > body.Start.AtNs)
            {
                moments.Add((Math.Max(fromNs, body.Start.AtNs + 1), Ends, body));
                if (untilNs < body.SurelyUntilNs)
                {
                    moments.Add((untilNs, CountsAgain, body));
                }
            }
        }

        if (body.SurelyUntilNs != long.MaxValue)
        {
            moments.Add((body.SurelyUntilNs, Ends, body));
        }
    }

    private static bool IsPaused(IEnumerable<(long FromNs, long UntilNs)> pauses, long atNs) =>
        pauses.Any(p => p.FromNs <= atNs && atNs <= p.UntilNs);

    /// <summary>A claim may be older than the grace by as long as the body's process stalled.</summary>
    private static long BeforeStalls(long fromNs, BodyRun body, IReadOnlyList<WitnessStalled> stalls)
    {
        foreach (var stall in stalls)
        {
            if (stall.Process == body.Start.Process && stall.AtNs >= fromNs && stall.FromNs <= body.Start.AtNs)
            {
                fromNs = Math.Min(fromNs, stall.FromNs - Nanoseconds.FromMs(LimitGraceMs));
            }
        }

        return fromNs;
    }

    /// <summary>For each process the spans in which its bodies do not count, merged and in order.</summary>
    private static ILookup<string, (long FromNs, long UntilNs)> Pauses(HistoryData history) =>
        Disturbance.Of(history)
            .Where(static d => d is { Kind: FaultKind.ProcessPause or Disturbance.Stall, Process: not null })
            .GroupBy(static d => d.Process!, StringComparer.Ordinal)
            .SelectMany(static g => Merge(g).Select(span => (g.Key, span)))
            .ToLookup(static p => p.Key, static p => p.span, StringComparer.Ordinal);

    private static List<(long FromNs, long UntilNs)> Merge(IEnumerable<Disturbance> disturbances)
    {
        var merged = new List<(long FromNs, long UntilNs)>();
        foreach (var d in disturbances.OrderBy(static d => d.FromNs))
        {
            var untilNs = d.UntilNs == long.MaxValue ? d.UntilNs : d.UntilNs + Nanoseconds.FromMs(ResumeMs);
            if (merged.Count > 0 && merged[^1].UntilNs >= d.FromNs)
            {
                merged[^1] = (merged[^1].FromNs, Math.Max(merged[^1].UntilNs, untilNs));
            }
            else
            {
                merged.Add((d.FromNs, untilNs));
            }
        }

        return merged;
    }
}
