using Partywall.History;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.HostileIdentifiers;

/// <summary>
/// All ids are tried. Every tenant that was taken then fills its slots and its backlog at the same time as all others;
/// everyone asks for everyone's job; neighbours in the order of their names try each other's jobs by every operation.
/// </summary>
internal sealed class LookAlikesVariant : ScenarioVariant
{
    private const int Limit = 2;
    private const int MaxQueued = 2;

    /// <summary>Ends by being cancelled, or by itself when the probes are long over.</summary>
    private const int HolderMs = 12_000;
    private const int QueuedBodyMs = 30;
    private const int SpareSlots = 8;

    public LookAlikesVariant()
    {
        Tenants = [.. HostileIdList.Plain.Select(Spec)];
        Candidates = [.. HostileIdList.Others.Distinct(StringComparer.Ordinal).Select(Spec)];
    }

    public override string Name => "";

    public override int Workers => 2;

    public override int SlotsPerWorker => (((Tenants.Count + Candidates.Count) * Limit) + SpareSlots + 1) / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; }

    public override IReadOnlyList<TenantSpec> Candidates { get; }

    public override IReadOnlyList<string> Bystanders => [HostileIdList.Bystander];

    public override string Why =>
        $"N = {Workers * SlotsPerWorker} slots is more than all limits of {Limit} together, so a body too many would find a slot; "
        + $"each tenant is full ({Limit} running, {MaxQueued} waiting) while everyone looks for everyone's job, so a count, a list or a slot that takes a look-alike's for its own is wrong by whole numbers; "
        + "the tenant whose name most others begin with is at rest meanwhile, and its keys must not change.";

    public override RunDemands Demands => new(
        AtLimit: [.. Busy.Select(static t => t.Id)],
        TenantsOverlapping: Tenants.Count - 1,
        RefusedAtLeast: Tenants.Count - 1,
        CompletedAtLeast: (Tenants.Count - 1) * MaxQueued,
        ProbesAtLeast: Tenants.Count,
        KeysAtLeast: Tenants.Count,
        LatenessP99MsMax: 0,
        SettleMsMax: 40_000,
        StallMsMax: 2_000);

    public override int Submissions => (Tenants.Count + Candidates.Count - 1) * (Limit + MaxQueued + 1);

    public override int LoadMsMax => 90_000;

    private IEnumerable<TenantSpec> Busy => Tenants.Where(static t => t.Id != HostileIdList.Bystander);

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        // In the order of their names, so that neighbours are look-alikes.
        var busy = run.Tenants.Where(static t => t.Id != HostileIdList.Bystander).OrderBy(static t => t.Id, StringComparer.OrdinalIgnoreCase).ToList();
        var holders = await Task.WhenAll(busy.Select(tenant => FillAsync(run, tenant, cancellationToken)));
        await run.Witness.WaitAsync(
            w => busy.TrueForAll(t => w.Running(t.Id) >= Limit), TimeSpan.FromMilliseconds(HolderMs / 2), cancellationToken);
        if (run.Target.TryGet<IKeyInspection>(out var keys))
        {
            await run.InspectKeysAsync(keys, cancellationToken);
        }

        var seeds = busy.ConvertAll(_ => run.Random.Next());
        await Task.WhenAll(busy.Select((owner, i) => AskedByAllAsync(run, owner, busy, new Random(seeds[i]), cancellationToken)));
        await Task.WhenAll(busy.Select((owner, i) =>
            CrossTenantProbe.RunAsync(run, owner, busy[(i + 1) % busy.Count], new Random(seeds[i] ^ 1), cancellationToken)));
        await Task.WhenAll(busy.Select((owner, i) =>
            CrossTenantProbe.RunAsync(run, owner, busy[(i + busy.Count - 1) % busy.Count], new Random(seeds[i] ^ 2), cancellationToken)));
        await Task.WhenAll(busy.SelectMany((tenant, i) => holders[i].Select(job => tenant.CancelAsync(job, null, cancellationToken))));
    }

    private static TenantSpec Spec(string id) => new(id, Limit, MaxQueued);

    /// <summary>Fills slots and backlog, and tries for one more.</summary>
    /// <returns>The jobs that hold the slots.</returns>
    private static async Task<IReadOnlyList<string>> FillAsync(ScenarioRun run, RecordedTenant tenant, CancellationToken cancellationToken)
    {
        var holders = new List<string>();
        for (var i = 0; i <= Limit + MaxQueued; i++)
        {
            var holds = i < Limit;
            var reply = await tenant.SubmitAsync(run.NewJob(holds ? HolderMs : QueuedBodyMs, progressSteps: holds ? 50 : 0), null, cancellationToken);
            if (holds && reply.Value is { } submission)
            {
                holders.Add(submission.JobId);
            }
        }

        return holders;
    }

    /// <summary>Every other tenant asks for a job of the owner's, and for everything on its own list; then so does the owner.</summary>
    private static async Task AskedByAllAsync(
        ScenarioRun run, RecordedTenant owner, List<RecordedTenant> tenants, Random random, CancellationToken cancellationToken)
    {
        if (owner.Accepted.Keys.LastOrDefault() is not { } job)
        {
            return;
        }

        var probe = run.NextProbe();
        foreach (var stranger in tenants.Where(t => t != owner))
        {
            await stranger.GetAsync(job, new OperationReason(OperationPurpose.Stranger, owner.Id, probe, job), cancellationToken);
            await stranger.GetAsync(
                CrossTenantProbe.AbsentLike(job, random), new OperationReason(OperationPurpose.Absent, null, probe, job), cancellationToken);
        }

        await owner.GetAsync(job, new OperationReason(OperationPurpose.Owner, owner.Id, probe, job), cancellationToken);
        await owner.ListAllAsync(OperationReason.Observe, cancellationToken);
    }
}
