using Partywall.AutonomOS.Http;
using Partywall.AutonomOS.Processes;
using Partywall.AutonomOS.Store;
using Partywall.Targets;

namespace Partywall.AutonomOS;

/// <summary>
/// Everything optional that this target offers, behind one object that exists before the system does: which
/// capabilities a target has is asked before it is started.
/// </summary>
internal sealed class Capabilities
    : IKeyInspection, IHeldSlots, ILimitChanges, IRecordedProcesses, IProcessFaults, ISettleReplay, IJobEvents, IReconciliation, IApiSurface, IFairDispatch,
        IReservedSlots, ISubmitterProcesses
{
    private Deployment? _deployment;

    /// <inheritdoc/>
    public IReadOnlyList<TargetProcess> Processes => _deployment?.Processes ?? [];

    /// <summary>See <c>docs/fair-dispatch.md</c>: a first estimate of 10 ms, and notes that take a round trip to the store.</summary>
    public DispatchTerms Terms { get; } = new(HandOverMs: 20, NoteMs: 10, EstimateMs: 10);

    private Deployment Running => _deployment ?? throw new InvalidOperationException("The target was not started.");

    private KeyInspection Keys => Running.Keys;

    /// <summary>Says which system it is.</summary>
    public void Attach(Deployment deployment) => _deployment = deployment;

    /// <inheritdoc/>
    public Task<IReadOnlyList<InspectedKey>> ListKeysAsync(CancellationToken cancellationToken) => Keys.ListKeysAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<string> DigestAsync(string tenantId, CancellationToken cancellationToken) => Keys.DigestAsync(tenantId, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, int>> HeldSlotsAsync(IReadOnlyCollection<string> tenantIds, CancellationToken cancellationToken) =>
        Keys.HeldSlotsAsync(tenantIds, cancellationToken);

    /// <inheritdoc/>
    public Task SetLimitsAsync(string tenantId, int maxConcurrent, int maxQueued, CancellationToken cancellationToken) =>
        Running.Admin.SetLimitsAsync(tenantId, maxConcurrent, maxQueued, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ApiEndpoint>> EndpointsAsync(CancellationToken cancellationToken) => Running.Surface.EndpointsAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<Reply<ApiAnswered>> CallAsync(ApiCall call, CancellationToken cancellationToken) => Running.Surface.CallAsync(call, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, long>> ReconcileAsync(CancellationToken cancellationToken) =>
        Running.Reconciliation.ReconcileAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<Reply<SettleReplayed>> SettleAgainAsync(string tenantId, string jobId, string fence, CancellationToken cancellationToken) =>
        Running.Settles.SettleAgainAsync(tenantId, jobId, fence, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> StartSubmittersAsync(int count, IReadOnlyList<string> tenantIds, CancellationToken cancellationToken) =>
        Running.StartSubmittersAsync(count, tenantIds, cancellationToken);

    /// <inheritdoc/>
    public Task StrikeAsync(string process, ProcessFault fault, CancellationToken cancellationToken) =>
        Running.StrikeAsync(process, fault, cancellationToken);

    /// <inheritdoc/>
    public Task<Reply<IJobWatch>> WatchAsync(ITenantClient client, string jobId, CancellationToken cancellationToken) =>
        client is TenantApi tenant
            ? tenant.WatchAsync(jobId, cancellationToken)
            : throw new ArgumentException("Not a client of this target.", nameof(client));
}
