using Partywall.Checks.Jobs;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Slots;

/*
 * What the system says of itself, against what was witnessed. An answer is true of some moment between question and answer,
 * so each figure is caged by what was surely so throughout that time, and what may have been so at some moment of it:
 *
 *   running   at least the bodies that ran throughout; at most those that ran within a hand-over of it, because a job runs for the
 *             system from its claim until its outcome is settled.
 *   pending   at least the accepted jobs whose first body starts more than a hand-over later, and whose cancelling nobody had
 *             asked for; at most those not refused that were sent before the answer, and had not started for the last time
 *             before the question (one that failed waits for its next attempt), nor were final by an earlier answer.
 *   limits    one that may have been in force.
 *
 * Held slots are the structure and this is the word about it; slots.conserved judges the structure.
 * After a fault or a stall leases lapse and are reaped, so until RecoveryMs after one nothing is judged.
 */

/// <summary>What the API says of a tenant's running and pending jobs and of its limits is what was witnessed.</summary>
public sealed class SlotsTruthfulCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "slots.truthful";

    /// <inheritdoc/>
    public string Claim => "What the API says of running and pending jobs and of limits agrees with what was witnessed.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var disturbances = Disturbance.Of(history);
        var limits = LimitTimeline.Of(history);
        var backlogs = LimitTimeline.BacklogsOf(history);
        var bodies = BodyRun.Of(history);
        var running = bodies.GroupBy(static b => b.Start.Tenant, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => new LiveAttempts(g), StringComparer.Ordinal);
        var pending = PendingJobs.Of(history, bodies);
        var (noAttempts, noJobs) = (new LiveAttempts([]), new PendingJobs());
        var judged = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < history.Events.Count; i++)
        {
            if (history.Events[i] is not UsageSampled usage
                || !limits.TryGetValue(usage.Tenant, out var limit)
                || disturbances.Any(d => d.Touches(usage.FromNs, usage.AtNs, Nanoseconds.FromMs(SlotsConservedCheck.RecoveryMs))))
            {
                continue;
            }

            judged[usage.Tenant] = judged.GetValueOrDefault(usage.Tenant) + 1;
            var (live, jobs) = (running.GetValueOrDefault(usage.Tenant, noAttempts), pending.GetValueOrDefault(usage.Tenant, noJobs));
            var (fromNs, untilNs) = (usage.FromNs, usage.AtNs);
            Compare("running", usage.Running, live.Throughout(fromNs, untilNs), live.Around(fromNs, untilNs));
            Compare("pending", usage.Pending, jobs.SurelyIn(fromNs, untilNs), jobs.PossiblyIn(fromNs, untilNs));
            Compare("its limit", usage.MaxConcurrent, limit.SmallestIn(fromNs, untilNs), limit.LargestIn(fromNs, untilNs));
            Compare("its backlog", usage.MaxQueued, backlogs[usage.Tenant].SmallestIn(fromNs, untilNs), backlogs[usage.Tenant].LargestIn(fromNs, untilNs));

            void Compare(string what, int said, int least, int most)
            {
                // In a history that was cut off, bodies and submissions may be missing that would have explained more.
                if (said < least || (said > most && history.IsComplete))
                {
                    notes.Find(
                        $"The API said {said} for {what} of {usage.Tenant}, {Nanoseconds.ToMs(usage.AtNs):0} ms into the run; by what was witnessed it was {(least == most ? $"{least}" : $"{least} to {most}")}.",
                        [i + 1],
                        usage.Tenant);
                }
            }
        }

        foreach (var (tenant, count) in judged)
        {
            notes.Figure("usage samples judged", count, "samples", tenant);
        }

        if (history.IsComplete && judged.Count > 0 && limits.Keys.Except(judged.Keys, StringComparer.Ordinal).ToList() is { Count: > 0 } unseen)
        {
            notes.Doubt($"What the API says of {string.Join(", ", unseen.Take(5))} was never asked in peace ({unseen.Count} tenant(s)).");
        }

        return notes.Result(judged.Values.Sum(), "The API was never asked for usage in peace.");
    }

    /// <summary>How many of a tenant's jobs were pending around a span, from sorted moments.</summary>
    private sealed class PendingJobs
    {
        private readonly List<long> _sureBegins = [];
        private readonly List<long> _sureEnds = [];
        private readonly List<long> _possibleBegins = [];
        private readonly List<long> _possibleEnds = [];

        public static Dictionary<string, PendingJobs> Of(HistoryData history, IReadOnlyList<BodyRun> bodies)
        {
            var handOverNs = Nanoseconds.FromMs(SlotsConservedCheck.HandOverMs);
            var endNs = history.Events.Max(static e => e.AtNs);
            var operations = Operation.Of(history);
            var byLabel = bodies.ToLookup(static b => b.Start.Label, StringComparer.Ordinal);
            var cancels = operations.Where(static o => o.Asked is { Kind: OperationKind.Cancel, Job: not null })
                .GroupBy(static o => o.Asked.Job!, StringComparer.Ordinal)
                .ToDictionary(static g => g.Key, static g => g.Min(static o => o.Asked.AtNs), StringComparer.Ordinal);
            var finals = operations
                .Where(static o => o.Answer is { Result: ReplyKind.Ok, State: JobState.Completed or JobState.Failed or JobState.Cancelled } && o.Asked.Job is not null)
                .GroupBy(static o => o.Asked.Job!, StringComparer.Ordinal)
                .ToDictionary(static g => g.Key, static g => g.Min(static o => o.Answer!.AtNs), StringComparer.Ordinal);
            var all = new Dictionary<string, PendingJobs>(StringComparer.Ordinal);
            foreach (var job in SubmittedJob.Of(operations).Values.Where(static j => !j.IsRefused))
            {
                var jobs = all.TryGetValue(job.Tenant, out var known) ? known : all[job.Tenant] = new PendingJobs();
                var id = job.Job ?? "";
                var starts = byLabel[job.Label].Select(static b => b.Start.AtNs).DefaultIfEmpty(long.MaxValue).ToList();
                jobs._possibleBegins.Add(job.Operations[0].Asked.AtNs);
                jobs._possibleEnds.Add(Math.Min(starts.Max(), finals.GetValueOrDefault(id, long.MaxValue)));
                if (job.Accepted is { Answer: { } answer })
                {
                    // A body that is not in the history may have started just after its end.
                    var untilNs = Math.Min(Math.Min(starts.Min(), endNs) - handOverNs, cancels.GetValueOrDefault(id, long.MaxValue));
                    if (untilNs > answer.AtNs)
                    {
                        jobs._sureBegins.Add(answer.AtNs);
                        jobs._sureEnds.Add(untilNs);
                    }
                }
            }

            foreach (var jobs in all.Values)
            {
                jobs._sureBegins.Sort();
                jobs._sureEnds.Sort();
                jobs._possibleBegins.Sort();
                jobs._possibleEnds.Sort();
            }

            return all;
        }

        /// <summary>Jobs that were surely pending from the first moment to the last. (One that began and ended inside makes it one less.)</summary>
        public int SurelyIn(long fromNs, long untilNs) =>
            Math.Max(0, CountUpTo(_sureBegins, fromNs) - CountUpTo(_sureEnds, untilNs - 1));

        /// <summary>Jobs that may have been pending at some moment of the span.</summary>
        public int PossiblyIn(long fromNs, long untilNs) =>
            CountUpTo(_possibleBegins, untilNs) - CountUpTo(_possibleEnds, fromNs - 1);

        private static int CountUpTo(List<long> sorted, long bound)
        {
            var (low, high) = (0, sorted.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = sorted[middle] <= bound ? (middle + 1, high) : (low, middle);
            }

            return low;
        }
    }
}
