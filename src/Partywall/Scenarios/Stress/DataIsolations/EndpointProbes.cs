using Partywall.History;
using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.DataIsolations;

/// <summary>
/// One tenant's things, reached for by all others through every endpoint. The owner's own calls come last, since they may
/// change what the others must not.
/// </summary>
internal sealed class EndpointProbes(ScenarioRun run, IApiSurface surface, IReadOnlyList<ApiEndpoint> endpoints, IReadOnlyList<RecordedTenant> tenants)
{
    /// <summary>Reaches for everything of one owner.</summary>
    public async Task RunAsync(
        RecordedTenant owner, IReadOnlyDictionary<Situation, string> victims, Random random, CancellationToken cancellationToken)
    {
        var strangers = tenants.Where(t => t != owner).ToList();
        var controls = new List<Func<Task>>();
        foreach (var (situation, job) in victims)
        {
            foreach (var endpoint in endpoints.Where(static e => e.Reach == EndpointReach.Job).OrderBy(static e => e.Changes))
            {
                var probe = run.NextProbe();
                await JobAsync(endpoint, owner, strangers, situation, job, probe, random, cancellationToken);
                controls.Add(() => owner.CallEndpointAsync(
                    surface, endpoint, owner.Id, job, new OperationReason(OperationPurpose.Owner, owner.Id, probe, job, situation.Name), cancellationToken));
            }
        }

        var any = victims.Values.First();
        foreach (var endpoint in endpoints.Where(static e => e.Reach == EndpointReach.Operator))
        {
            await OperatorAsync(endpoint, owner, strangers, any, random, cancellationToken);
        }

        foreach (var endpoint in endpoints.Where(static e => e.Reach is EndpointReach.Own or EndpointReach.Open))
        {
            foreach (var stranger in strangers)
            {
                await stranger.CallEndpointAsync(
                    surface, endpoint, owner.Id, any, new OperationReason(OperationPurpose.Observe, owner.Id), cancellationToken);
            }
        }

        foreach (var control in controls)
        {
            await control();
        }
    }

    private async Task JobAsync(
        ApiEndpoint endpoint,
        RecordedTenant owner,
        List<RecordedTenant> strangers,
        Situation situation,
        string job,
        long probe,
        Random random,
        CancellationToken cancellationToken)
    {
        foreach (var stranger in strangers)
        {
            await stranger.CallEndpointAsync(
                surface, endpoint, owner.Id, job, new OperationReason(OperationPurpose.Stranger, owner.Id, probe, job, situation.Name), cancellationToken);
            await stranger.CallEndpointAsync(
                surface,
                endpoint,
                owner.Id,
                CrossTenantProbe.AbsentLike(job, random),
                new OperationReason(OperationPurpose.Absent, null, probe, job, situation.Name),
                cancellationToken);
        }

        // Whatever they tried, the owner finds it as it was.
        await owner.GetAsync(job, new OperationReason(OperationPurpose.Owner, owner.Id, probe, job, situation.Name, situation.State), cancellationToken);
    }

    private async Task OperatorAsync(
        ApiEndpoint endpoint, RecordedTenant owner, List<RecordedTenant> strangers, string job, Random random, CancellationToken cancellationToken)
    {
        var probe = run.NextProbe();
        foreach (var stranger in strangers)
        {
            await stranger.CallEndpointAsync(
                surface, endpoint, owner.Id, job, new OperationReason(OperationPurpose.Stranger, owner.Id, probe), cancellationToken);
            await stranger.CallEndpointAsync(
                surface, endpoint, CrossTenantProbe.AbsentLike(owner.Id, random), job, new OperationReason(OperationPurpose.Absent, null, probe), cancellationToken);
        }

        await run.CallAsOperatorAsync(surface, endpoint, owner.Id, probe, cancellationToken);
    }
}
