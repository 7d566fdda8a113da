using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>
/// A job that has ended is settled again with its own fence, while the tenant is full again: a repeat that freed a
/// second slot would let a sixth body in.
/// </summary>
internal sealed class SettledTwice(int rounds) : QuotaAct
{
    private const int Limit = 5;
    private const int BodyMs = 150;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new("settle", Limit)];

    public override int Submissions => Limit + (3 * rounds);

    public override int RefusedAtLeast => rounds;

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        if (!run.Target.TryGet<ISettleReplay>(out var replay))
        {
            run.Note($"The target {run.Target.Name} cannot repeat a settle, so that act was left out.");
            return;
        }

        var tenant = run.Tenant("settle");
        var holderMs = 2_000 + (rounds * 300);
        await FillAsync(run, tenant, Limit - 1, holderMs, cancellationToken);
        for (var round = 0; round < rounds; round++)
        {
            if (await StartAsync(run, tenant, BodyMs, cancellationToken) is not { } job
                || !await run.IsFinalAsync(tenant, job.Id, Bound, cancellationToken)
                || run.Witness.LastStarted(job.Job.Label) is not { } body)
            {
                continue;
            }

            var next = await StartAsync(run, tenant, BodyMs * 2, cancellationToken);
            await tenant.SettleAgainAsync(replay, job.Id, body.Fence, cancellationToken);
            await tenant.SubmitAsync(run.NewJob(BodyMs), null, cancellationToken);
            if (next is { } running)
            {
                await run.IsFinalAsync(tenant, running.Id, Bound, cancellationToken);
            }
        }
    }
}
