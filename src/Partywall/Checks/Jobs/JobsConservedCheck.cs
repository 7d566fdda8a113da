using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Jobs;

/*
 * The books of the jobs: what was accepted against what became of it.
 *
 *   accepted  an answer said ok and gave an id. Each id is one submission's; only a repeat under the same idempotency
 *             key may be answered with it again.
 *   unknown   no answer, or one that leaves it open. It may have been taken or not; either is right, as long as it is one:
 *             its bodies all run under one id.
 *   invented  a body, or a listed job, that nobody submitted; a body that runs for another tenant than its submitter.
 *   lost      an accepted job that its owner is told does not exist.
 *   final     a final state is one: once answered, every later question gets the same. It agrees with what the bodies did:
 *             completed means that a body completed it; cancelled, that its owner asked for that; failed, that one of its
 *             attempts failed or was lost.
 *
 * "Later" means asked after the first answer was there. Answers to questions that overlap may differ.
 */

/// <summary>Each accepted job ends in exactly one final state; none is lost, none invented.</summary>
public sealed class JobsConservedCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "jobs.conserved";

    /// <inheritdoc/>
    public string Claim => "Each accepted job ends in exactly one final state; none is lost, none invented.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        return new Books(history).Judge();
    }

    private sealed class Books
    {
        private readonly CheckNotes _notes = new("jobs.conserved");
        private readonly HistoryData _history;
        private readonly IReadOnlyList<Operation> _operations;
        private readonly IReadOnlyDictionary<string, SubmittedJob> _submissions;
        private readonly ILookup<(string Tenant, string Job), BodyRun> _bodies;
        private readonly ILookup<string, BodyRun> _bodiesByLabel;
        private readonly Dictionary<(string Tenant, string Job), SubmittedJob> _accepted = [];
        private readonly Dictionary<(string Tenant, string Job), (JobObserved Seen, int Line)> _observed = [];
        private readonly bool _disturbed;

        public Books(HistoryData history)
        {
            _history = history;
            _operations = Operation.Of(history);
            _submissions = SubmittedJob.Of(_operations);
            var bodies = BodyRun.Of(history);
            _bodies = bodies.ToLookup(static b => (b.Start.Tenant, b.Start.Job));
            _bodiesByLabel = bodies.ToLookup(static b => b.Start.Label, StringComparer.Ordinal);
            _disturbed = Disturbance.Of(history).Count > 0;
            for (var i = 0; i < history.Events.Count; i++)
            {
                if (history.Events[i] is JobObserved seen)
                {
                    _observed[(seen.Tenant, seen.Job)] = (seen, i + 1);
                }
            }
        }

        public CheckResult Judge()
        {
            JudgeAcceptance();
            JudgeBodies();
            JudgeLists();
            JudgeStates();
            JudgeEnds();
            var unknown = _submissions.Values.Where(static s => s.IsUnknown).ToList();
            _notes.Figure("accepted", _accepted.Count, "jobs");
            _notes.Figure("unknown outcomes", unknown.Count, "submissions");
            _notes.Figure("unknown outcomes that ran", unknown.Count(s => _bodiesByLabel[s.Label].Any()), "submissions");
            return _notes.Result(_accepted.Count, "No job was accepted.");
        }

        /// <summary>Each id is one submission's.</summary>
        private void JudgeAcceptance()
        {
            foreach (var submission in _submissions.Values)
            {
                foreach (var operation in submission.Operations.Where(static o => o.Answer is { Result: ReplyKind.Ok }))
                {
                    if (operation.Answer!.Job is not { Length: > 0 } job)
                    {
                        _notes.Find($"Submission {submission.Label} of {submission.Tenant} was accepted without an id.", operation.Lines, submission.Tenant);
                    }
                    else if (!_accepted.TryAdd((submission.Tenant, job), submission) && _accepted[(submission.Tenant, job)] is var first && first != submission)
                    {
                        _notes.Find(
                            $"Submissions {first.Label} and {submission.Label} of {submission.Tenant} were both accepted as job {job}.",
                            first.Accepted!.Lines.Concat(operation.Lines),
                            submission.Tenant,
                            job);
                    }
                    else if (submission.Job != job)
                    {
                        _notes.Find(
                            $"Submission {submission.Label} of {submission.Tenant} was repeated and became two jobs, {submission.Job} and {job}.",
                            submission.Accepted!.Lines.Concat(operation.Lines),
                            submission.Tenant,
                            job);
                    }
                }
            }
        }

        /// <summary>Each body is somebody's, and every submission's bodies are one job.</summary>
        private void JudgeBodies()
        {
            foreach (var bodies in _bodiesByLabel)
            {
                var first = bodies.First();
                if (!_submissions.TryGetValue(bodies.Key, out var submission))
                {
                    _notes.Find(
                        $"Body {first.Start.Body} runs {bodies.Key} for {first.Start.Tenant}, which nobody submitted.", [first.StartLine], first.Start.Tenant, first.Start.Job);
                    continue;
                }

                foreach (var body in bodies)
                {
                    if (body.Start.Tenant != submission.Tenant)
                    {
                        _notes.Find(
                            $"Submission {submission.Label} is of {submission.Tenant}, but its body {body.Start.Body} ran for {body.Start.Tenant}.",
                            submission.Operations[0].Lines.Append(body.StartLine),
                            submission.Tenant,
                            body.Start.Job);
                    }
                    else if (body.Start.Job != (submission.Job ?? first.Start.Job))
                    {
                        _notes.Find(
                            $"Submission {submission.Label} of {submission.Tenant} is job {submission.Job ?? first.Start.Job}, but body {body.Start.Body} ran it as job {body.Start.Job}.",
                            submission.Operations[0].Lines.Append(first.StartLine).Append(body.StartLine),
                            submission.Tenant,
                            body.Start.Job);
                    }
                }
            }
        }

        /// <summary>A tenant's list holds nothing that nobody submitted. (What is another tenant's is for isolation.access.)</summary>
        private void JudgeLists()
        {
            var open = _submissions.Values.Where(static s => s.IsUnknown).Select(static s => s.Tenant).ToHashSet(StringComparer.Ordinal);
            var ids = _accepted.Keys.Select(static k => k.Job).ToHashSet(StringComparer.Ordinal);
            var told = new HashSet<string>(StringComparer.Ordinal);
            foreach (var list in _operations.Where(static o => o.Answer is { Result: ReplyKind.Ok, Jobs: not null }))
            {
                // A submission without an answer yet may be on the list, so at the end of a cut history this says nothing.
                foreach (var job in list.Answer!.Jobs!.Where(j => !ids.Contains(j) && !open.Contains(list.Asked.Tenant) && told.Add(j)))
                {
                    _notes.Find($"The list of {list.Asked.Tenant} holds job {job}, which no submission was accepted as.", list.Lines, list.Asked.Tenant, job);
                }
            }
        }

        /// <summary>Once final, always that: over every answer about the job to its owner.</summary>
        private void JudgeStates()
        {
            var final = new Dictionary<(string, string), (JobState State, long AtNs, int Line)>();
            var told = new HashSet<(string, string)>();
            foreach (var (job, state, askedNs, atNs, line) in States().OrderBy(static s => s.AtNs))
            {
                if (final.TryGetValue(job, out var first))
                {
                    if (state != first.State && askedNs >= first.AtNs && told.Add(job))
                    {
                        _notes.Find($"Job {job.Job} of {job.Tenant} was {first.State}, and later {state}.", [first.Line, line], job.Tenant, job.Job);
                    }
                }
                else if (IsFinal(state))
                {
                    final[job] = (state, atNs, line);
                }
            }
        }

        private IEnumerable<((string Tenant, string Job) Job, JobState State, long AskedNs, long AtNs, int Line)> States()
        {
            foreach (var operation in _operations)
            {
                if (operation is { Asked: { Kind: OperationKind.Get or OperationKind.Cancel, Job: { } asked }, Answer: { Result: ReplyKind.Ok, State: { } state } answer })
                {
                    yield return ((operation.Asked.Tenant, asked), state, operation.Asked.AtNs, answer.AtNs, operation.AnswerLine);
                }
            }

            foreach (var (key, (seen, line)) in _observed)
            {
                if (seen is { Result: ReplyKind.Ok, State: { } state })
                {
                    yield return (key, state, seen.AtNs, seen.AtNs, line);
                }
            }
        }

        /// <summary>What the owner is told in the end, against what the bodies did.</summary>
        private void JudgeEnds()
        {
            var cancels = _operations
                .Where(static o => o.Asked.Kind == OperationKind.Cancel && o.Result is ReplyKind.Ok or ReplyKind.Unknown)
                .ToLookup(static o => (o.Asked.Tenant, o.Asked.Job ?? ""));
            var unseen = 0;
            var unanswered = 0;
            var ended = 0;
            foreach (var (key, submission) in _accepted)
            {
                if (!_observed.TryGetValue(key, out var observed))
                {
                    unseen++;
                    continue;
                }

                var (seen, line) = observed;
                var bodies = _bodies[key].ToList();
                var lines = submission.Accepted!.Lines.Concat(bodies.SelectMany(static b => new[] { b.StartLine, b.StopLine })).Append(line);
                switch (seen)
                {
                    case { Result: ReplyKind.NotFound }:
                        _notes.Find($"Job {key.Job} of {key.Tenant} was accepted and is lost: its owner is told that it does not exist.", lines, key.Tenant, key.Job);
                        break;
                    case { Result: not ReplyKind.Ok } or { State: null }:
                        unanswered++;
                        break;
                    case { State: { } state } when !IsFinal(state):
                        JudgeOpen(key, state, lines);
                        break;
                    default:
                        ended++;
                        if (Contradiction(seen.State!.Value, bodies, cancels[key].Any()) is { } contradiction)
                        {
                            _notes.Find($"Job {key.Job} of {key.Tenant} is {seen.State}, but {contradiction}.", lines, key.Tenant, key.Job);
                        }

                        break;
                }
            }

            _notes.Figure("ended", ended, "jobs");
            if (unseen > 0)
            {
                _notes.Doubt($"What became of {unseen} accepted job(s) was not looked up.");
            }

            if (unanswered > 0)
            {
                _notes.Doubt($"For {unanswered} accepted job(s) the owner's question was not answered.");
            }
        }

        private void JudgeOpen((string Tenant, string Job) key, JobState state, IEnumerable<int> lines)
        {
            // Only a wait that ran its full bound shows that a job does not end; one that was broken off shows nothing.
            if (_history.Of<Settled>().LastOrDefault() is { } settled
                && settled.AtNs - settled.FromNs >= Nanoseconds.FromMs(_history.Header.Demands.SettleMsMax))
            {
                _notes.Find(
                    $"Job {key.Job} of {key.Tenant} has not ended: {Nanoseconds.ToMs(settled.AtNs - settled.FromNs):0} ms after the load it is {state}.", lines, key.Tenant, key.Job);
            }
            else
            {
                _notes.Doubt($"Job {key.Job} of {key.Tenant} was still {state} when it was looked up.");
            }
        }

        private string? Contradiction(JobState state, List<BodyRun> bodies, bool cancelAsked) => state switch
        {
            JobState.Completed when !bodies.Exists(static b => b.Stop is { Outcome: BodyOutcome.Completed }) =>
                bodies.Count == 0 ? "no body ever ran it" : "no body completed it",
            JobState.Cancelled when !cancelAsked => "its owner never asked for that",
            JobState.Failed when !_disturbed && bodies.Count == 0 => "no body ever ran it",
            JobState.Failed when !_disturbed && bodies.TrueForAll(static b => b.Stop is { Outcome: BodyOutcome.Completed }) => "every body completed it",
            _ => null,
        };

        private static bool IsFinal(JobState state) => state is JobState.Completed or JobState.Failed or JobState.Cancelled;
    }
}
