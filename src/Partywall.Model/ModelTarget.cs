using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.Model;

/// <summary>
/// The model as a target: a small job system in this process, correct by construction, into which one bug can be
/// planted. The framework and its checks are tried on it.
/// </summary>
public sealed class ModelTarget : ITarget, ILimitChanges, IHeldSlots, ISettleReplay, IKeyInspection, IReconciliation, IApiSurface, IFairDispatch, IReservedSlots
{
    private readonly PlantedBug? _bug;
    private readonly ConcurrentDictionary<string, ModelClient> _clients = new(StringComparer.Ordinal);
    private ModelSystem? _system;

    /// <summary>Creates the target, not started.</summary>
    /// <param name="bug">A bug to plant; null for none.</param>
    public ModelTarget(PlantedBug? bug = null) => _bug = bug;

    /// <inheritdoc />
    public string Name => "model";

    /// <summary>The scheduler is in this process and is told at once; what takes time is the way to the witness and back.</summary>
    public DispatchTerms Terms { get; } = new(HandOverMs: 10, NoteMs: 0, EstimateMs: 10);

    private ModelApiSurface Surface => new(id => _clients[id], () => _clients.Keys, _bug);

    private ModelSystem System => _system ?? throw new InvalidOperationException("The model has not been started.");

    /// <inheritdoc />
    public async Task StartAsync(TargetEnvironment environment, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(environment);
        _system = new ModelSystem(environment.Seed, environment.TimeProvider, _bug);
        for (var i = 1; i <= environment.Workers; i++)
        {
            try
            {
                var witness = await WitnessClient.ConnectAsync(environment.WitnessSocketPath, $"model-worker-{i}", cancellationToken);
                _system.AddWorker(new ModelWorker(witness, environment.SlotsPerWorker, _bug == PlantedBug.ReserveIgnored ? 0 : environment.ReservedSlotsPerWorker));
            }
            catch (WitnessException e)
            {
                throw new TargetException($"The model could not be started: {e.Message}", e);
            }
        }
    }

    /// <inheritdoc />
    public Task<ITenantClient> OnboardAsync(TenantSpec tenant, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        if (ModelTenantId.Violation(tenant.Id, _bug) is { } violation)
        {
            System.Refuse(tenant.Id);
            throw new TargetException($"The model does not take the tenant: {violation}")
            {
                Refusal = new Refusal(RefusalCode.InvalidRequest, violation),
            };
        }

        return Task.FromResult<ITenantClient>(_clients[tenant.Id] = new ModelClient(System, System.Onboard(tenant)));
    }

    /// <inheritdoc />
    public bool TryGet<T>([NotNullWhen(true)] out T? capability)
        where T : class, ITargetCapability
    {
        capability = this as T;
        return capability is not null;
    }

    /// <inheritdoc />
    public Task SetLimitsAsync(string tenantId, int maxConcurrent, int maxQueued, CancellationToken cancellationToken)
    {
        System.SetLimits(tenantId, maxConcurrent, maxQueued);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<string, int>> HeldSlotsAsync(IReadOnlyCollection<string> tenantIds, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, int>>(System.HeldSlots(tenantIds));

    /// <inheritdoc />
    public Task<Reply<SettleReplayed>> SettleAgainAsync(string tenantId, string jobId, string fence, CancellationToken cancellationToken) =>
        Task.FromResult(System.Settle(tenantId, jobId, fence, JobState.Completed, null)
            ? Reply.Ok(new SettleReplayed("It was settled so already."), ReplyEvidence.None)
            : Reply.Refused<SettleReplayed>(new Refusal(RefusalCode.StaleFence, "The fence is not the job's."), ReplyEvidence.None));

    /// <inheritdoc />
    public Task<IReadOnlyList<InspectedKey>> ListKeysAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<InspectedKey>>([.. System.Keys().Select(static k => ModelKeys.Inspect(k.Key))]);

    /// <inheritdoc />
    public Task<string> DigestAsync(string tenantId, CancellationToken cancellationToken) =>
        Task.FromResult(ModelKeys.Digest(System.Keys(), tenantId));

    /// <inheritdoc />
    public Task<IReadOnlyList<ApiEndpoint>> EndpointsAsync(CancellationToken cancellationToken) => Surface.EndpointsAsync(cancellationToken);

    /// <inheritdoc />
    public Task<Reply<ApiAnswered>> CallAsync(ApiCall call, CancellationToken cancellationToken) => Surface.CallAsync(call, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<string, long>> ReconcileAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, long>>(System.Mend());

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_system is { } system)
        {
            await system.DisposeAsync();
        }
    }
}
