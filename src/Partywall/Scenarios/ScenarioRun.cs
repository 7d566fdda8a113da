using System.Globalization;
using Partywall.History;
using Partywall.Load;
using Partywall.Load.Submitters;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.Scenarios;

/// <summary>What a variant has in its hands while it drives: tenants, witness, target, clock, seed. Thread-safe except <see cref="Random"/>.</summary>
public sealed class ScenarioRun
{
    private readonly Action<HistoryEvent> _record;
    private readonly OperationNumbers _numbers;
    private readonly SubmitterProcesses? _submitters;
    private int _labels;

    internal ScenarioRun(
        ITarget target,
        IReadOnlyList<RecordedTenant> tenants,
        WitnessState witness,
        RunClock clock,
        Random random,
        Action<HistoryEvent> record,
        OperationNumbers numbers,
        SubmitterProcesses? submitters)
    {
        Target = target;
        _submitters = submitters;
        Tenants = tenants;
        Witness = witness;
        Clock = clock;
        Random = random;
        _record = record;
        _numbers = numbers;
    }

    /// <summary>The target, for its capabilities.</summary>
    public ITarget Target { get; }

    /// <summary>The tenants, in the variant's order.</summary>
    public IReadOnlyList<RecordedTenant> Tenants { get; }

    /// <summary>What the bodies say, live.</summary>
    public WitnessState Witness { get; }

    /// <summary>The run's clock.</summary>
    public RunClock Clock { get; }

    /// <summary>Randomness from the run's seed. For one thread at a time.</summary>
    public Random Random { get; }

    /// <summary>A tenant by its id.</summary>
    /// <param name="tenantId">One of the variant's tenants.</param>
    public RecordedTenant Tenant(string tenantId) => Tenants.First(t => t.Id == tenantId);

    /// <summary>A job with a label of its own.</summary>
    /// <param name="durationMs">How long its body holds the slot, in milliseconds.</param>
    /// <param name="progressSteps">Its progress reports.</param>
    public ProbeJob NewJob(int durationMs, int progressSteps = 0) => new()
    {
        Label = "j" + Interlocked.Increment(ref _labels).ToString(CultureInfo.InvariantCulture),
        DurationMs = durationMs,
        ProgressSteps = progressSteps,
    };

    /// <summary>
    /// Makes many submissions in one instant: from the submitter processes where there are some, otherwise from threads of
    /// the harness. Every operation in the history says which it was.
    /// </summary>
    /// <param name="tenant">The tenant that submits; one of <see cref="ScenarioVariant.RacingTenants"/>.</param>
    /// <param name="calls">The calls: one job is a single submission, several (at most 50) are a batch.</param>
    /// <param name="beside">Begun by the harness in the same instant; null for nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The replies in the order of the jobs.</returns>
    /// <exception cref="TargetException">A submitter process died or did not answer in time.</exception>
    public async Task<IReadOnlyList<Reply<Submission>>> SubmitAtOnceAsync(
        RecordedTenant tenant, IReadOnlyList<IReadOnlyList<ProbeJob>> calls, Func<Task>? beside, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        ArgumentNullException.ThrowIfNull(calls);
        if (_submitters is not null)
        {
            return await _submitters.SubmitAtOnceAsync(tenant, calls, beside, cancellationToken);
        }

        var replies = Task.WhenAll(calls.Select(call => Task.Run<IReadOnlyList<Reply<Submission>>>(
            async () => call.Count == 1
                ? [await tenant.SubmitAsync(call[0], null, cancellationToken)]
                : await tenant.SubmitBatchAsync(call, cancellationToken),
            cancellationToken)));
        await Task.WhenAll(replies, beside?.Invoke() ?? Task.CompletedTask);
        return [.. (await replies).SelectMany(static r => r)];
    }

    /// <summary>The next cross-tenant probe's number.</summary>
    public long NextProbe() => _numbers.NextProbe();

    /// <summary>Adds an event to the history.</summary>
    /// <param name="historyEvent">The event.</param>
    public void Record(HistoryEvent historyEvent) => _record(historyEvent);

    /// <summary>Adds a remark for people.</summary>
    /// <param name="text">The remark.</param>
    public void Note(string text) => _record(new Noted(Clock.NowNs, text));

    /// <summary>Inspects the store's keys and writes what is there to the history.</summary>
    /// <param name="keys">The target's capability to do so.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task InspectKeysAsync(IKeyInspection keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var fromNs = Clock.NowNs;
        var found = await keys.ListKeysAsync(cancellationToken);
        var unknown = found.Where(static k => k.Ownership == KeyOwnership.Unknown).Select(static k => k.Key).ToList();
        _record(new KeysInspected(
            Clock.NowNs,
            fromNs,
            found.Count,
            found.Count(static k => k.Ownership == KeyOwnership.WrittenList),
            found.Where(static k => k.Ownership == KeyOwnership.Tenant)
                .CountBy(static k => k.Tenant!, StringComparer.Ordinal)
                .ToDictionary(StringComparer.Ordinal),
            [.. unknown.Take(KeysInspected.UnknownMax)],
            unknown.Count));
    }

    /// <summary>
    /// Calls an endpoint as whoever runs the system, and writes call and answer to the history. What the operator receives is
    /// not searched for secrets: nothing is secret from him.
    /// </summary>
    /// <param name="surface">The target's capability to do so.</param>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="named">The tenant that is named.</param>
    /// <param name="probe">The probe that this is the control of.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task CallAsOperatorAsync(IApiSurface surface, ApiEndpoint endpoint, string named, long probe, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(surface);
        ArgumentNullException.ThrowIfNull(endpoint);
        var operation = _numbers.NextOperation();
        _record(new OperationInvoked(
            Clock.NowNs, operation, OperationKind.Call, OperationPurpose.Owner, OperationInvoked.Operator, Owner: named, Probe: probe, Endpoint: endpoint.Name));
        var reply = await surface.CallAsync(new ApiCall(endpoint, null, named, ""), cancellationToken);
        _record(new OperationEnded(
            Clock.NowNs,
            operation,
            reply.Kind,
            Code: reply.Refusal?.Code,
            Detail: reply.Refusal?.Detail ?? reply.Detail,
            Status: reply.Evidence.Status,
            Bytes: reply.Evidence.Bytes.Length,
            AnswerDigest: RecordedTenant.Digest(reply.Evidence, named)));
    }

    /// <summary>Has the system look through its structures and writes what it mended to the history.</summary>
    /// <param name="reconciliation">The target's capability to do so.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ReconcileAsync(IReconciliation reconciliation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reconciliation);
        var fromNs = Clock.NowNs;
        var mended = await reconciliation.ReconcileAsync(cancellationToken);
        _record(new Reconciled(Clock.NowNs, fromNs, mended));
    }

    /// <summary>Changes a tenant's limits, with the change in the history before and after.</summary>
    /// <param name="changes">The target's capability to do so.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="maxConcurrent">The new limit.</param>
    /// <param name="maxQueued">The new backlog.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task SetLimitsAsync(ILimitChanges changes, string tenantId, int maxConcurrent, int maxQueued, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changes);
        var mark = LimitChangeMark.Uncertain;
        _record(new LimitChange(Clock.NowNs, tenantId, maxConcurrent, maxQueued, LimitChangeMark.Asked));
        try
        {
            await changes.SetLimitsAsync(tenantId, maxConcurrent, maxQueued, cancellationToken);
            mark = LimitChangeMark.Confirmed;
        }
        finally
        {
            _record(new LimitChange(Clock.NowNs, tenantId, maxConcurrent, maxQueued, mark));
        }
    }
}
