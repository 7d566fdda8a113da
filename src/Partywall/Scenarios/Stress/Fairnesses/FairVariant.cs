using Partywall.History;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Fairnesses;

/// <summary>What the variants of <see cref="Fairness"/> have in common: the stated terms, and work handed in at once.</summary>
internal abstract class FairVariant : ScenarioVariant
{
    /// <summary>Room for all work of any variant.</summary>
    protected const int MaxQueued = 50_000;

    private const int Batch = 50;

    public override int Workers => 2;

    public override int LoadMsMax => 600_000;

    public override RunDemands Demands => new(
        AtLimit: [],
        TenantsOverlapping: Tenants.Count,
        RefusedAtLeast: 0,
        CompletedAtLeast: 100,
        ProbesAtLeast: 0,
        KeysAtLeast: 0,
        LatenessP99MsMax: 0,
        SettleMsMax: 60_000,
        StallMsMax: 1_000);

    /// <summary>Writes down by which terms fairness is judged.</summary>
    protected DispatchTerms State(ScenarioRun run)
    {
        if (!run.Target.TryGet<IFairDispatch>(out var dispatch))
        {
            throw new InvalidOperationException("The scenario needs the terms of dispatch.");
        }

        var terms = dispatch.Terms;
        run.Record(new FairnessStated(
            run.Clock.NowNs, [.. Tenants.Select(static t => t.Id)], terms.HandOverMs, terms.NoteMs, terms.EstimateMs, terms.ChargeErrorMs));
        return terms;
    }

    /// <summary>Hands in the work of all tenants at the same time.</summary>
    protected static Task SubmitAsync(ScenarioRun run, IEnumerable<(string Tenant, int Jobs, int BodyMs)> work, CancellationToken cancellationToken) =>
        Task.WhenAll(work.Select(w => SubmitAsync(run, run.Tenant(w.Tenant), w.Jobs, w.BodyMs, cancellationToken)));

    /// <summary>Waits until all of it has run.</summary>
    protected Task EndedAsync(ScenarioRun run, CancellationToken cancellationToken) =>
        run.BodiesEndedAsync(TimeSpan.FromMilliseconds(LoadMsMax), cancellationToken);

    private static async Task SubmitAsync(ScenarioRun run, RecordedTenant tenant, int jobs, int bodyMs, CancellationToken cancellationToken)
    {
        foreach (var batch in Enumerable.Range(0, jobs).Chunk(Batch))
        {
            await tenant.SubmitBatchAsync([.. batch.Select(_ => run.NewJob(bodyMs))], cancellationToken);
        }
    }
}
