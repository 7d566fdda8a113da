using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>
/// Four slots held, the fifth used over and over: while it is taken the sixth is refused, and as soon as the system says
/// that its job has ended, the next is admitted.
/// </summary>
internal sealed class FreedOnCompletion(int rounds) : QuotaAct
{
    private const int Limit = 5;
    private const int BodyMs = 150;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new("freed", Limit)];

    public override int Submissions => Limit - 1 + (2 * rounds);

    public override int RefusedAtLeast => rounds;

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        var tenant = run.Tenant("freed");
        await FillAsync(run, tenant, Limit - 1, 1_000 + (rounds * 3 * BodyMs), cancellationToken);
        for (var round = 0; round < rounds; round++)
        {
            var fifth = await StartAsync(run, tenant, BodyMs, cancellationToken);
            await tenant.SubmitAsync(run.NewJob(BodyMs), null, cancellationToken);
            if (fifth is { } job)
            {
                await run.IsFinalAsync(tenant, job.Id, Bound, cancellationToken);
            }
        }
    }
}
