using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Load;

/// <summary>The purpose an operation is recorded with, beyond ordinary work.</summary>
/// <param name="Purpose">Why it is made.</param>
/// <param name="Owner">The tenant whose job is asked for, where that is known.</param>
/// <param name="Probe">The number of the probe it belongs to.</param>
/// <param name="Job">For a list: the job that is looked for on it.</param>
/// <param name="Situation">The situation the job was brought into.</param>
/// <param name="State">The state the job must be found in.</param>
public sealed record OperationReason(
    OperationPurpose Purpose, string? Owner = null, long? Probe = null, string? Job = null, string? Situation = null, JobState? State = null)
{
    /// <summary>The harness looks at an outcome.</summary>
    public static OperationReason Observe { get; } = new(OperationPurpose.Observe);
}

/// <summary>Counts that the recorded tenants of a run share.</summary>
public sealed class OperationNumbers
{
    private long _operation;
    private long _batch;
    private long _probe;

    /// <summary>The next operation's number, from 1.</summary>
    public long NextOperation() => Interlocked.Increment(ref _operation);

    /// <summary>The next batch's number, from 1.</summary>
    public long NextBatch() => Interlocked.Increment(ref _batch);

    /// <summary>The next probe's number, from 1.</summary>
    public long NextProbe() => Interlocked.Increment(ref _probe);
}

/// <summary>
/// A tenant as a scenario drives it: its client, with every operation written to the history as it is sent and as it
/// is answered, and every received byte searched for canaries. Thread-safe.
/// </summary>
public sealed class RecordedTenant : IAsyncDisposable
{
    /// <summary>The harness gives a call up after this long, in milliseconds; its outcome is then unknown.</summary>
    public const int CallMsMax = 30_000;

    private const string AskedId = "{asked}";
    private readonly ITenantClient _client;
    private readonly RunClock _clock;
    private readonly Action<HistoryEvent> _record;
    private readonly CanaryScanner _canaries;
    private readonly OperationNumbers _numbers;
    private readonly ConcurrentDictionary<string, string> _accepted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _cancelled = new(StringComparer.Ordinal);
    private int _submitted;
    private int _refused;

    /// <summary>Wraps a client.</summary>
    /// <param name="spec">The tenant as it was onboarded.</param>
    /// <param name="client">Its client; disposed with this.</param>
    /// <param name="clock">The run's clock.</param>
    /// <param name="record">Takes the events.</param>
    /// <param name="canaries">The run's canaries.</param>
    /// <param name="numbers">The run's numbers.</param>
    public RecordedTenant(
        TenantSpec spec, ITenantClient client, RunClock clock, Action<HistoryEvent> record, CanaryScanner canaries, OperationNumbers numbers)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(canaries);
        Spec = spec;
        Canary = canaries.CanaryOf(spec.Id);
        _client = client;
        _clock = clock;
        _record = record;
        _canaries = canaries;
        _numbers = numbers;
    }

    /// <summary>The tenant as it was onboarded.</summary>
    public TenantSpec Spec { get; }

    /// <summary>Its id.</summary>
    public string Id => Spec.Id;

    /// <summary>The secret its jobs carry.</summary>
    public string Canary { get; }

    /// <summary>Accepted jobs: job id → label.</summary>
    public IReadOnlyDictionary<string, string> Accepted => _accepted;

    /// <summary>Whether a cancel was answered with the job being cancelled already, so that no body of it need ever run.</summary>
    /// <param name="jobId">The job.</param>
    public bool IsCancelled(string jobId) => _cancelled.ContainsKey(jobId);

    /// <summary>Submissions sent so far.</summary>
    public int Submitted => Volatile.Read(ref _submitted);

    /// <summary>Submissions refused so far.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Submits a job.</summary>
    /// <param name="job">The job; it is given the tenant's canary.</param>
    /// <param name="intendedNs">When the schedule wanted it sent; null without one.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<Reply<Submission>> SubmitAsync(ProbeJob job, long? intendedNs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(job);
        Interlocked.Increment(ref _submitted);
        return await CallAsync(
            (at, n) => new OperationInvoked(
                at, n, OperationKind.Submit, OperationPurpose.Work, Id, Label: job.Label, IdempotencyKey: job.IdempotencyKey, IntendedNs: intendedNs,
                Priority: NotZero(job.Priority), DelayMs: NotZero(job.DelayMs), Pool: job.Pool),
            ct => _client.SubmitAsync(WithCanary(job), ct),
            (ended, reply) => Note(ended, reply, job.Label),
            cancellationToken);
    }

    /// <summary>Submits several jobs in one call.</summary>
    /// <param name="jobs">The jobs; they are given the tenant's canary.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<IReadOnlyList<Reply<Submission>>> SubmitBatchAsync(IReadOnlyList<ProbeJob> jobs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        Interlocked.Add(ref _submitted, jobs.Count);
        var batch = _numbers.NextBatch();
        var operations = new long[jobs.Count];
        for (var i = 0; i < jobs.Count; i++)
        {
            operations[i] = _numbers.NextOperation();
            _record(new OperationInvoked(
                _clock.NowNs, operations[i], OperationKind.Submit, OperationPurpose.Work, Id,
                Label: jobs[i].Label, IdempotencyKey: jobs[i].IdempotencyKey, Batch: batch,
                Priority: NotZero(jobs[i].Priority), DelayMs: NotZero(jobs[i].DelayMs), Pool: jobs[i].Pool));
        }

        IReadOnlyList<Reply<Submission>> replies;
        using var bound = Bound(cancellationToken);
        try
        {
            replies = await _client.SubmitBatchAsync([.. jobs.Select(WithCanary)], bound.Token);
        }
        catch (Exception e)
        {
            foreach (var operation in operations)
            {
                _record(GivenUp(operation, e));
            }

            throw;
        }

        var now = _clock.NowNs;
        for (var i = 0; i < jobs.Count; i++)
        {
            _record(Note(Answer(now, operations[i], replies[i]), replies[i], jobs[i].Label));
        }

        return replies;
    }

    /// <summary>Records a call that a submitter process made for the tenant, with that process's own times.</summary>
    /// <param name="process">The process.</param>
    /// <param name="jobs">The jobs: one is a single submission, several are a batch.</param>
    /// <param name="sentNs">When it was sent.</param>
    /// <param name="answeredNs">When it was answered; null when it was not, and may have been sent all the same.</param>
    /// <param name="replies">One reply per job; null exactly when it was not answered.</param>
    internal void Record(string process, IReadOnlyList<ProbeJob> jobs, long sentNs, long? answeredNs, IReadOnlyList<Reply<Submission>>? replies)
    {
        Interlocked.Add(ref _submitted, jobs.Count);
        long? batch = jobs.Count > 1 ? _numbers.NextBatch() : null;
        for (var i = 0; i < jobs.Count; i++)
        {
            var operation = _numbers.NextOperation();
            _record(new OperationInvoked(
                sentNs, operation, OperationKind.Submit, OperationPurpose.Work, Id,
                Label: jobs[i].Label, IdempotencyKey: jobs[i].IdempotencyKey, Batch: batch,
                Priority: NotZero(jobs[i].Priority), DelayMs: NotZero(jobs[i].DelayMs), Pool: jobs[i].Pool, Process: process));
            if (answeredNs is { } answeredAt)
            {
                _record(Note(Answer(answeredAt, operation, replies![i]), replies[i], jobs[i].Label));
            }
        }
    }

    /// <summary>The job with the tenant's canary.</summary>
    internal ProbeJob WithCanary(ProbeJob job) => job with { Canary = Canary };

    /// <summary>Gets a job.</summary>
    /// <param name="jobId">Any job id.</param>
    /// <param name="reason">Why; null for ordinary work.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<Reply<JobView>> GetAsync(string jobId, OperationReason? reason, CancellationToken cancellationToken) =>
        AboutJobAsync(OperationKind.Get, jobId, reason, ct => _client.GetAsync(jobId, ct), cancellationToken);

    /// <summary>Cancels a job.</summary>
    /// <param name="jobId">Any job id.</param>
    /// <param name="reason">Why; null for ordinary work.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<Reply<JobView>> CancelAsync(string jobId, OperationReason? reason, CancellationToken cancellationToken)
    {
        var reply = await AboutJobAsync(OperationKind.Cancel, jobId, reason, ct => _client.CancelAsync(jobId, ct), cancellationToken);
        if (reply.Value is { State: JobState.Cancelled })
        {
            _cancelled.TryAdd(jobId, 0);
        }

        return reply;
    }

    /// <summary>Lists a page.</summary>
    /// <param name="state">Only jobs in this state; null for all.</param>
    /// <param name="cursor">Where to go on; null for the first page.</param>
    /// <param name="reason">Why; null for ordinary work.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<Reply<JobPage>> ListAsync(JobState? state, string? cursor, OperationReason? reason, CancellationToken cancellationToken) =>
        CallAsync(
            (at, n) => new OperationInvoked(
                at, n, OperationKind.List, reason?.Purpose ?? OperationPurpose.Work, Id, reason?.Job, reason?.Owner, Probe: reason?.Probe),
            ct => _client.ListAsync(state, cursor, ct),
            static (ended, reply) => ended with { Jobs = reply.Value?.Jobs.Select(static j => j.Id).ToList() },
            cancellationToken);

    /// <summary>Lists all pages.</summary>
    /// <param name="reason">Why; null for ordinary work.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The jobs of all pages up to the first that was not answered ok.</returns>
    public async Task<IReadOnlyList<JobView>> ListAllAsync(OperationReason? reason, CancellationToken cancellationToken)
    {
        var jobs = new List<JobView>();
        string? cursor = null;
        do
        {
            var page = (await ListAsync(null, cursor, reason, cancellationToken)).Value;
            jobs.AddRange(page?.Jobs ?? []);
            cursor = page?.NextCursor;
        }
        while (cursor is not null);
        return jobs;
    }

    /// <summary>Asks for usage, and records the answer as a sample.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<Reply<UsageView>> UsageAsync(CancellationToken cancellationToken)
    {
        var fromNs = _clock.NowNs;
        var reply = await CallAsync(
            (at, n) => new OperationInvoked(at, n, OperationKind.Usage, OperationPurpose.Observe, Id),
            _client.UsageAsync,
            static (ended, _) => ended,
            cancellationToken);
        if (reply.Value is { } usage)
        {
            _record(new UsageSampled(_clock.NowNs, fromNs, Id, usage.Running, usage.Pending, usage.MaxConcurrent, usage.MaxQueued));
        }

        return reply;
    }

    /// <summary>Settles an attempt once more.</summary>
    /// <param name="replay">The target's capability to do so.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="fence">The fence, as its body reported it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<Reply<SettleReplayed>> SettleAgainAsync(ISettleReplay replay, string jobId, string fence, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(replay);
        return CallAsync(
            (at, n) => new OperationInvoked(at, n, OperationKind.SettleAgain, OperationPurpose.Work, Id, jobId, Id),
            ct => replay.SettleAgainAsync(Id, jobId, fence, ct),
            static (ended, _) => ended,
            cancellationToken);
    }

    /// <summary>Calls an endpoint of the API.</summary>
    /// <param name="surface">The target's capability to do so.</param>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="named">The tenant that is named.</param>
    /// <param name="jobId">The job that is named.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<Reply<ApiAnswered>> CallEndpointAsync(
        IApiSurface surface, ApiEndpoint endpoint, string named, string jobId, OperationReason reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(surface);
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(reason);
        var asked = endpoint.Reach == EndpointReach.Operator ? named : jobId;
        return CallAsync(
            (at, n) => new OperationInvoked(
                at, n, OperationKind.Call, reason.Purpose, Id, jobId, reason.Owner, Probe: reason.Probe, Endpoint: endpoint.Name, Situation: reason.Situation),
            ct => surface.CallAsync(new ApiCall(endpoint, Id, named, jobId), ct),
            (ended, reply) => ended with { AnswerDigest = reason.Probe is null ? null : Digest(reply.Evidence, asked) },
            cancellationToken);
    }

    /// <summary>Closes the client.</summary>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private Task<Reply<JobView>> AboutJobAsync(
        OperationKind kind, string jobId, OperationReason? reason, Func<CancellationToken, Task<Reply<JobView>>> call, CancellationToken cancellationToken) =>
        CallAsync(
            (at, n) => new OperationInvoked(
                at, n, kind, reason?.Purpose ?? OperationPurpose.Work, Id, jobId,
                reason is null or { Purpose: OperationPurpose.Observe } ? Id : reason.Owner, Probe: reason?.Probe,
                Situation: reason?.Situation, State: reason?.State),
            call,
            (ended, reply) => ended with
            {
                Job = reply.Value?.Id,
                State = reply.Value?.State,
                Attempts = reply.Value?.Attempts,
                Progress = reply.Value?.Progress,
                AnswerDigest = reason?.Probe is null ? null : Digest(reply.Evidence, jobId),
            },
            cancellationToken);

    private OperationEnded Note(OperationEnded ended, Reply<Submission> reply, string label)
    {
        if (reply.Value is { } submission)
        {
            _accepted.TryAdd(submission.JobId, label);
            return ended with { Job = submission.JobId, Replayed = submission.Replayed };
        }

        if (reply.Kind == ReplyKind.Refused)
        {
            Interlocked.Increment(ref _refused);
        }

        return ended;
    }

    private async Task<Reply<T>> CallAsync<T>(
        Func<long, long, OperationInvoked> invoked,
        Func<CancellationToken, Task<Reply<T>>> call,
        Func<OperationEnded, Reply<T>, OperationEnded> complete,
        CancellationToken cancellationToken)
        where T : class
    {
        using var bound = Bound(cancellationToken);
        var operation = _numbers.NextOperation();
        _record(invoked(_clock.NowNs, operation));
        Reply<T> reply;
        try
        {
            reply = await call(bound.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            _record(GivenUp(operation, e));
            return Reply.Unknown<T>($"No answer within {CallMsMax} ms.", ReplyEvidence.None);
        }
        catch (Exception e)
        {
            _record(GivenUp(operation, e));
            throw;
        }

        _record(complete(Answer(_clock.NowNs, operation, reply), reply));
        return reply;
    }

    private OperationEnded Answer<T>(long atNs, long operation, Reply<T> reply)
        where T : class => new(
            atNs,
            operation,
            reply.Kind,
            Code: reply.Refusal?.Code,
            Limit: reply.Refusal?.Limit,
            Count: reply.Refusal?.Count,
            Detail: reply.Refusal?.Detail ?? reply.Detail,
            Status: reply.Evidence.Status,
            Bytes: reply.Evidence.Bytes.Length,
            Canaries: _canaries.Find(reply.Evidence.Bytes.Span));

    private OperationEnded GivenUp(long operation, Exception e) => new(
        _clock.NowNs, operation, ReplyKind.Unknown, Detail: e is OperationCanceledException ? "given up by the harness" : e.Message);

    /// <summary>What is not said means 0, so that the ordinary line stays short.</summary>
    private static int? NotZero(int value) => value == 0 ? null : value;

    private static CancellationTokenSource Bound(CancellationToken cancellationToken)
    {
        var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(CallMsMax);
        return bound;
    }

    /// <summary>A digest of an answer without the id that was asked for, which the asker knew.</summary>
    internal static string Digest(ReplyEvidence evidence, string askedId)
    {
        // The answer may repeat the id it was asked for, which is the asker's own knowledge and no difference.
        var text = Encoding.Latin1.GetString(evidence.Bytes.Span).Replace(askedId, AskedId, StringComparison.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes($"{evidence.Status}\n{text}")));
    }
}
