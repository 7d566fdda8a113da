using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks;

/// <summary>
/// Writes a history by hand, in milliseconds. Jobs go by their label; the job's id is "job-" and the label. Events are
/// put in the order of time, and in the order of writing within one instant.
/// </summary>
internal sealed class HistoryBuilder
{
    private const string Worker = "worker-1";
    private readonly List<HistoryEvent> _events = [];
    private readonly Dictionary<string, string> _tenantOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<long>> _bodiesOf = new(StringComparer.Ordinal);
    private long _operation;
    private long _body;
    private long _probe;

    public RunDemands Demands { get; set; } = new([], 0, 0, 0, 0, 0, LatenessP99MsMax: 100, SettleMsMax: 10_000, StallMsMax: 1_000);

    public int Workers { get; set; } = 1;

    public int SlotsPerWorker { get; set; } = 100;

    public int ReservedSlotsPerWorker { get; set; }

    public IReadOnlyList<string> Checks { get; set; } = ["slots.bound"];

    public static long Ns(double ms) => (long)(ms * 1_000_000);

    public HistoryBuilder Add(HistoryEvent historyEvent)
    {
        _events.Add(historyEvent);
        return this;
    }

    public HistoryBuilder Tenant(string id, int limit = 5, int backlog = 0, double at = 0) =>
        Add(new TenantOnboarded(Ns(at), id, limit, backlog, 1, "canary-" + id));

    public HistoryBuilder Limits(string tenant, int limit, double at, LimitChangeMark mark, int backlog = 0) =>
        Add(new LimitChange(Ns(at), tenant, limit, backlog, mark));

    public HistoryBuilder Phase(RunPhase phase, double at) => Add(new PhaseBegan(Ns(at), phase));

    /// <summary>A submission; answered 1 ms later unless said otherwise, never with <c>double.NaN</c>.</summary>
    public HistoryBuilder Submit(
        string tenant,
        string label,
        double at,
        ReplyKind result = ReplyKind.Ok,
        double? answerAt = null,
        string? job = null,
        string? code = null,
        string? key = null,
        double? intended = null,
        IReadOnlyList<string>? canaries = null)
    {
        _tenantOf.TryAdd(label, tenant);
        var operation = ++_operation;
        Add(new OperationInvoked(
            Ns(at), operation, OperationKind.Submit, OperationPurpose.Work, tenant, Label: label, IdempotencyKey: key, IntendedNs: intended is { } i ? Ns(i) : null));
        return answerAt is double.NaN
            ? this
            : Add(new OperationEnded(
                Ns(answerAt ?? at + 1),
                operation,
                result,
                Job: result == ReplyKind.Ok ? job ?? "job-" + label : null,
                Code: code ?? (result == ReplyKind.Refused ? RefusalCode.QuotaExceeded : null),
                Status: 200,
                Bytes: 10,
                Canaries: canaries));
    }

    public HistoryBuilder Refuse(string tenant, string label, double at, double? answerAt = null, string? code = null) =>
        Submit(tenant, label, at, ReplyKind.Refused, answerAt, code: code);

    public HistoryBuilder Start(
        string label, double at, string process = Worker, int attempt = 1, string? fence = null, string? tenant = null, string? job = null)
    {
        var body = ++_body;
        (_bodiesOf.TryGetValue(label, out var bodies) ? bodies : _bodiesOf[label] = []).Add(body);
        return Add(new BodyStarted(
            Ns(at), body, process, tenant ?? _tenantOf.GetValueOrDefault(label, "nobody"), job ?? "job-" + label, label, attempt, fence ?? $"{label}/{body}"));
    }

    /// <summary>The stop of a label's body, by default its latest.</summary>
    public HistoryBuilder Stop(string label, double at, BodyOutcome outcome = BodyOutcome.Completed, int? body = null) =>
        Add(new BodyStopped(Ns(at), body is { } index ? _bodiesOf[label][index] : _bodiesOf[label][^1], outcome));

    public HistoryBuilder Progress(string label, double at, int percent = 50) => Add(new BodyProgressed(Ns(at), _bodiesOf[label][^1], percent));

    /// <summary>The job as its owner saw it in the end.</summary>
    public HistoryBuilder Observe(string label, double at, JobState? state = JobState.Completed, ReplyKind result = ReplyKind.Ok, string? job = null) =>
        Add(new JobObserved(Ns(at), _tenantOf[label], job ?? "job-" + label, result, result == ReplyKind.Ok ? state : null, 1));

    /// <summary>A whole life: submitted, run, completed; observed at the end.</summary>
    public HistoryBuilder Life(string tenant, string label, double submit, double start, double stop) =>
        Submit(tenant, label, submit).Start(label, start).Stop(label, stop);

    public HistoryBuilder Get(
        string tenant,
        string? job,
        double at,
        ReplyKind result = ReplyKind.Ok,
        JobState? state = null,
        OperationKind kind = OperationKind.Get,
        OperationPurpose purpose = OperationPurpose.Work,
        string? owner = null,
        long? probe = null,
        int status = 200,
        string? digest = null,
        IReadOnlyList<string>? jobs = null,
        IReadOnlyList<string>? canaries = null,
        double? answerAt = null,
        string? code = null)
    {
        var operation = ++_operation;
        Add(new OperationInvoked(Ns(at), operation, kind, purpose, tenant, job, owner, Probe: probe));
        return Add(new OperationEnded(
            Ns(answerAt ?? at + 1), operation, result, job, state, Code: code, Status: status, Bytes: 10, AnswerDigest: digest, Jobs: jobs, Canaries: canaries));
    }

    public HistoryBuilder Cancel(string tenant, string label, double at, ReplyKind result = ReplyKind.Ok, JobState? state = null) =>
        Get(tenant, "job-" + label, at, result, state, OperationKind.Cancel);

    /// <summary>A cross-tenant probe, by default a good one.</summary>
    public HistoryBuilder Probe(
        string stranger,
        string owner,
        string label,
        double at,
        ReplyKind strangerResult = ReplyKind.NotFound,
        int strangerStatus = 404,
        string strangerDigest = "not-found",
        ReplyKind ownerResult = ReplyKind.Ok,
        OperationKind kind = OperationKind.Get)
    {
        var probe = ++_probe;
        return Get(stranger, "job-" + label, at, strangerResult, null, kind, OperationPurpose.Stranger, owner, probe, strangerStatus, strangerDigest)
            .Get(stranger, "job-never", at + 2, ReplyKind.NotFound, null, kind, OperationPurpose.Absent, null, probe, 404, "not-found")
            .Get(owner, "job-" + label, at + 4, ownerResult, null, kind, OperationPurpose.Owner, owner, probe, 200, "found");
    }

    public HistoryBuilder Joined(string process = Worker, double at = 0) => Add(new WitnessJoined(Ns(at), process, 100));

    public HistoryBuilder Left(double at, string process = Worker, bool orderly = false) => Add(new WitnessLeft(Ns(at), process, orderly));

    public HistoryBuilder Stalled(double from, double at, string process = Worker) => Add(new WitnessStalled(Ns(at), Ns(from), process));

    public HistoryBuilder Fault(string kind, double at, FaultMark mark, string? process = Worker, string id = "fault-1") =>
        Add(new FaultMarked(Ns(at), id, kind, process, mark));

    public HistoryBuilder Held(double from, double at, params (string Tenant, int Held)[] held) =>
        Add(new HeldSlotsSampled(Ns(at), Ns(from), held.ToDictionary(static h => h.Tenant, static h => h.Held, StringComparer.Ordinal)));

    public HistoryBuilder Settled(double from, double at, bool allEnded = true, int open = 0) => Add(new Settled(Ns(at), Ns(from), allEnded, open));

    /// <summary>The history, complete.</summary>
    public HistoryData Build(RunOutcome outcome = RunOutcome.Finished, string? reason = null)
    {
        var events = InOrder();
        events.Add(new RunEnded(events[^1].AtNs, outcome, reason, events.Count));
        return new HistoryData(events);
    }

    /// <summary>The history, cut off before its end record.</summary>
    public HistoryData Cut() => new(InOrder(), "the history is cut off");

    private List<HistoryEvent> InOrder() =>
    [
        new RunHeader(
            0, HistoryFormat.Name, HistoryFormat.Version, DateTimeOffset.UnixEpoch, "stress/quota", "", "model", "Quick", 1,
            Workers, SlotsPerWorker, Checks, null, Demands, ReservedSlotsPerWorker),
        .. _events.OrderBy(static e => e.AtNs),
    ];
}
