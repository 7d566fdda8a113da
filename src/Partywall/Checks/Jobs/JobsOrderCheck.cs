using Partywall.Checks.Slots;
using Partywall.History;

namespace Partywall.Checks.Jobs;

/*
 * First in, first out, as far as it can be seen from outside.
 *
 * Which is first: of two jobs of one tenant with the same priority in the same pool, A goes before B when A's acceptance had been
 * answered before B's submission was sent. Submissions that overlapped are not ordered, nor are those of one batch.
 *
 * What is an overtaking: jobs are claimed in their order, but a claimed job's body starts a little later, and of two that
 * are in flight together either may start first. Each job in flight holds a slot, though. So when B's body starts, those that
 * go before it and have not started yet must all be in flight, and they and the bodies that run (B's own included) are
 * together at most the limit, and at most the pool's slots. One more, and B overtook a job that still stood in the queue.
 * At limit 1, or in a pool of one slot, that is exact: none may go before B and not have started.
 *
 * Not judged: jobs with a delay, a job whose cancelling was asked for (from then on), any attempt after the first, and starts
 * within RecoveryMs after a fault or a stall, when what was in flight may have been lost and queued again.
 *
 * That it is tried at all: at a start that is judged, another job had been accepted that goes behind it, so that there was
 * something to choose between.
 */

/// <summary>Jobs of one tenant start in the order in which they were accepted; one is overtaken only by those in flight with it.</summary>
public sealed class JobsOrderCheck : ICheck
{
    /// <summary>How long after a fault or stall order is not judged, in milliseconds.</summary>
    public const int RecoveryMs = 10_000;

    /// <inheritdoc/>
    public string Name => "jobs.order";

    /// <inheritdoc/>
    public string Claim => "A tenant's jobs of equal priority start first in, first out; one is overtaken only by those in flight with it.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var operations = Operation.Of(history);
        var bodies = BodyRun.Of(history);
        var limits = LimitTimeline.Of(history);
        var disturbances = Disturbance.Of(history);
        var first = bodies.GroupBy(static b => b.Start.Label, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.MinBy(static b => b.Start.AtNs)!, StringComparer.Ordinal);
        var cancels = operations.Where(static o => o.Asked is { Kind: OperationKind.Cancel, Job: not null })
            .GroupBy(static o => o.Asked.Job!, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.Min(static o => o.Asked.AtNs), StringComparer.Ordinal);
        var running = bodies.GroupBy(static b => b.Start.Tenant, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => new LiveAttempts(g), StringComparer.Ordinal);
        var queues = SubmittedJob.Of(operations).Values
            .Where(j => j.Accepted is { Asked.DelayMs: null } && limits.ContainsKey(j.Tenant))
            .Select(j => new Queued(j, first.GetValueOrDefault(j.Label), cancels.GetValueOrDefault(j.Job ?? "", long.MaxValue)))
            .GroupBy(static q => (q.Job.Tenant, q.Priority, q.Pool));
        // The header's slots are those of one pool; how they are split over several is not in the history.
        var poolSize = operations.Any(static o => o.Asked.Pool is not null) ? int.MaxValue : history.Header.PoolSize;
        var choices = 0;
        foreach (var queue in queues)
        {
            var allowed = limits[queue.Key.Tenant];
            var live = running.GetValueOrDefault(queue.Key.Tenant);
            choices += live is null ? 0 : Judge([.. queue], allowed, live, poolSize, disturbances, notes);
        }

        notes.Figure("starts with a choice", choices, "starts");
        return notes.Result(choices, "No job ever started while another stood behind it in the same queue.");
    }

    private static int Judge(
        List<Queued> queue, LimitTimeline limit, LiveAttempts live, int poolSize, IReadOnlyList<Disturbance> disturbances, CheckNotes notes)
    {
        // Places by the moment of acceptance, and by the moment of sending.
        queue.Sort(static (a, b) => a.AcceptedNs.CompareTo(b.AcceptedNs));
        long[] accepted = [.. queue.Select(static q => q.AcceptedNs)];
        long[] sent = [.. queue.Select(static q => q.SentNs).Order()];
        var notStarted = new CountTree(queue.Count);
        var standing = new CountTree(queue.Count);
        var moments = new List<(long AtNs, int Kind, int Place)>();
        var taken = new Dictionary<long, int>();
        var sentPlaces = new int[queue.Count];
        for (var place = 0; place < queue.Count; place++)
        {
            var job = queue[place];
            notStarted.Add(place, 1);
            sentPlaces[place] = Below(sent, job.SentNs) + (taken[job.SentNs] = taken.GetValueOrDefault(job.SentNs) + 1) - 1;
            moments.Add((job.AcceptedNs, Accepted, place));
            if (job.LeavesNs != long.MaxValue)
            {
                moments.Add((job.LeavesNs, Leaves, place));
            }
        }

        // In one instant: what leaves the queue for another reason than a start first, then starts, then acceptances.
        moments.Sort();
        var isStanding = new bool[queue.Count];
        var choices = 0;
        foreach (var (atNs, kind, place) in moments)
        {
            var job = queue[place];
            if (kind == Accepted)
            {
                // A body may have started before the answer was there.
                if (job.LeavesNs > atNs)
                {
                    isStanding[place] = true;
                    standing.Add(sentPlaces[place], 1);
                }

                continue;
            }

            notStarted.Add(place, -1);
            if (isStanding[place])
            {
                standing.Add(sentPlaces[place], -1);
            }

            if (job.Body is not { } body || body.Start.AtNs != atNs || disturbances.Any(d => d.Touches(atNs, atNs, Nanoseconds.FromMs(RecoveryMs))))
            {
                continue;
            }

            // Behind it: sent after its acceptance was answered, and accepted by now.
            var behind = standing.Below(queue.Count) - standing.Below(Below(sent, job.AcceptedNs + 1));
            choices += behind > 0 ? 1 : 0;
            var before = notStarted.Below(Below(accepted, job.SentNs));
            var slots = Math.Min(poolSize, limit.LargestIn(atNs - Nanoseconds.FromMs(SlotsBoundCheck.LimitGraceMs), atNs));
            if (before > 0 && before + Math.Max(1, live.Throughout(atNs + 1, atNs + 2)) > slots)
            {
                notes.Find(
                    $"Job {job.Job.Job} of {job.Job.Tenant} started while {before} job(s) that had been accepted before it was submitted had not, more than can have been in flight with it in {slots} slot(s).",
                    queue.Where(q => q.AcceptedNs < job.SentNs && q.LeavesNs > atNs).Take(5).Select(static q => q.Job.Accepted!.AnswerLine)
                        .Append(job.Job.Operations[0].AskedLine).Append(body.StartLine),
                    job.Job.Tenant,
                    job.Job.Job);
            }
        }

        return choices;
    }

    private const int Leaves = 0;
    private const int Accepted = 1;

    /// <summary>How many of the sorted values are below a bound.</summary>
    private static int Below(long[] sorted, long bound)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sorted[middle] < bound ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <param name="Job">The job.</param>
    /// <param name="Body">Its first body; null when it had none.</param>
    /// <param name="CancelNs">When its cancelling was asked for.</param>
    private sealed record Queued(SubmittedJob Job, BodyRun? Body, long CancelNs)
    {
        public int Priority => Job.Accepted!.Asked.Priority ?? 0;

        public string? Pool => Job.Accepted!.Asked.Pool;

        /// <summary>When it was first sent.</summary>
        public long SentNs => Job.Operations[0].Asked.AtNs;

        /// <summary>When its acceptance was first answered.</summary>
        public long AcceptedNs => Job.Accepted!.Answer!.AtNs;

        /// <summary>It need not stand in the queue any more: its first body starts, or its cancelling was asked for.</summary>
        public long LeavesNs => Math.Min(Body?.Start.AtNs ?? long.MaxValue, CancelNs);
    }
}
