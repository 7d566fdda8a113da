using Partywall.Checks.Jobs;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Slots;

/*
 * Admission is a count against a capacity (limit + backlog): a submission is admitted while fewer jobs of its tenant are
 * open, and refused otherwise. The count is the system's own affair, but from outside it can be caged.
 *
 *   Too many.  A job that was answered as accepted, whose body has not stopped and whose cancelling nobody asked for, is
 *              open. Whichever of a set of open jobs was decided last was decided while all others counted. So when at
 *              the moment an acceptance is answered more are open than any capacity in force since that submission
 *              was sent, one too many was admitted. This sees races: it does not matter who was first.
 *   Too few.   A job ends for sure once an answer said that it is final. Submissions not clearly refused may have been
 *              open from the moment they were sent until then. When even all of those that may have been open at any
 *              moment between a submission and its refusal are fewer than the smallest capacity in force, there was
 *              room, and the refusal for quota was wrong: a slot had leaked, or was not given back in time.
 */

/// <summary>A submission is admitted only below limit + backlog, and refused for quota only at it.</summary>
public sealed class SlotsAdmissionCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "slots.admission";

    /// <inheritdoc/>
    public string Claim => "A submission is admitted only below limit + backlog, and refused for quota only at it.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var capacities = LimitTimeline.CapacitiesOf(history);
        var operations = Operation.Of(history);
        var stops = BodyRun.Of(history)
            .GroupBy(static b => b.Start.Label, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.Min(static b => b.SurelyUntilNs), StringComparer.Ordinal);
        var cancels = operations
            .Where(static o => o.Asked is { Kind: OperationKind.Cancel, Job: not null })
            .GroupBy(static o => o.Asked.Job!, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.Min(static o => o.Asked.AtNs), StringComparer.Ordinal);
        var finals = operations
            .Where(static o => o.Answer is { Result: ReplyKind.Ok, State: JobState.Completed or JobState.Failed or JobState.Cancelled } && o.Asked.Job is not null)
            .GroupBy(static o => (o.Asked.Tenant, o.Asked.Job!))
            .ToDictionary(static g => g.Key, static g => g.Min(static o => o.Answer!.AtNs));
        long admitted = 0;
        long refused = 0;
        foreach (var tenant in SubmittedJob.Of(operations).Values.GroupBy(static s => s.Tenant, StringComparer.Ordinal))
        {
            if (!capacities.TryGetValue(tenant.Key, out var capacity))
            {
                notes.Doubt($"The capacity of {tenant.Key} is not in the history.");
                continue;
            }

            var spans = tenant.Where(static s => !s.IsRefused).Select(s => Span(s, stops, cancels, finals)).ToList();
            admitted += JudgeAdmitted(tenant.Key, spans, capacity, notes);
            refused += JudgeRefused(tenant.Key, tenant, spans, capacity, notes);
        }

        notes.Figure("admitted", admitted, "submissions");
        notes.Figure("refused for quota", refused, "submissions");
        return notes.Result(admitted + refused, "Nothing was submitted and answered.");
    }

    private static OpenSpan Span(
        SubmittedJob submission,
        Dictionary<string, long> stops,
        Dictionary<string, long> cancels,
        Dictionary<(string, string), long> finals)
    {
        var job = submission.Job;
        return new OpenSpan(
            submission,
            submission.Operations[0].Asked.AtNs,
            Math.Min(stops.GetValueOrDefault(submission.Label, long.MaxValue), job is null ? long.MaxValue : cancels.GetValueOrDefault(job, long.MaxValue)),
            job is null ? long.MaxValue : finals.GetValueOrDefault((submission.Tenant, job), long.MaxValue));
    }

    private static int JudgeAdmitted(string tenant, List<OpenSpan> spans, LimitTimeline capacity, CheckNotes notes)
    {
        // In one instant, jobs end before others are accepted.
        var accepted = spans.FindAll(static s => s.Submission.Accepted is not null);
        var moments = accepted.Where(static s => s.SurelyUntilNs > s.AcceptedNs)
            .SelectMany(static s => new[] { (AtNs: s.AcceptedNs, IsAcceptance: true, Span: s), (AtNs: s.SurelyUntilNs, IsAcceptance: false, Span: s) })
            .OrderBy(static m => m.AtNs).ThenBy(static m => m.IsAcceptance);
        var open = new HashSet<OpenSpan>(ReferenceEqualityComparer.Instance);
        var most = 0;
        foreach (var (atNs, isAcceptance, span) in moments)
        {
            if (!isAcceptance)
            {
                open.Remove(span);
                continue;
            }

            open.Add(span);
            most = Math.Max(most, open.Count);
            var allowed = capacity.LargestIn(span.Submission.Accepted!.Asked.AtNs, atNs);
            if (open.Count > allowed)
            {
                notes.Find(
                    $"{tenant} had {open.Count} jobs open when submission {span.Submission.Label} was admitted; its limit and backlog together were {allowed}.",
                    open.Take(20).Select(static s => s.Submission.Accepted!.AnswerLine).Concat(span.Submission.Accepted.Lines),
                    tenant,
                    span.Submission.Job);
            }
        }

        notes.Figure("most jobs open", most, "jobs", tenant);
        return accepted.Count;
    }

    private static int JudgeRefused(string tenant, IEnumerable<SubmittedJob> submissions, List<OpenSpan> spans, LimitTimeline capacity, CheckNotes notes)
    {
        long[] begins = [.. spans.Select(static s => s.PossiblyFromNs).Order()];
        long[] ends = [.. spans.Select(static s => s.PossiblyUntilNs).Order()];
        var judged = 0;
        foreach (var operation in submissions.SelectMany(static s => s.Operations)
            .Where(static o => o.Answer is { Result: ReplyKind.Refused, Code: RefusalCode.QuotaExceeded }))
        {
            judged++;
            var (fromNs, untilNs) = (operation.Asked.AtNs, operation.Answer!.AtNs);
            var most = CountUpTo(begins, untilNs) - CountUpTo(ends, fromNs - 1);
            var least = capacity.SmallestIn(fromNs, untilNs);
            if (most < least)
            {
                notes.Find(
                    $"{tenant} was refused submission {operation.Asked.Label} for quota with at most {most} jobs open; its limit and backlog together were {least}.",
                    operation.Lines,
                    tenant);
            }
        }

        return judged;
    }

    /// <summary>How many of the sorted values are at most a bound.</summary>
    private static int CountUpTo(long[] sorted, long bound)
    {
        var low = 0;
        var high = sorted.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = sorted[middle] <= bound ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <param name="Submission">The submission.</param>
    /// <param name="PossiblyFromNs">It may count from here: first sent.</param>
    /// <param name="SurelyUntilNs">It surely counts until here, once accepted: a body stopped, or its cancelling was asked for.</param>
    /// <param name="PossiblyUntilNs">It may count until here: an answer said that it is final.</param>
    private sealed record OpenSpan(SubmittedJob Submission, long PossiblyFromNs, long SurelyUntilNs, long PossiblyUntilNs)
    {
        public long AcceptedNs => Submission.Accepted!.Answer!.AtNs;
    }
}
