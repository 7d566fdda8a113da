using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>
/// A full tenant cancels a running job and submits in the same moment: the slot is not free before the cancelled body
/// has stopped, and is free once it has. Cancelling twice frees one slot, not two.
/// </summary>
internal sealed class CancelAndResubmit(int rounds) : QuotaAct
{
    private const int Limit = 5;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new("cancel", Limit)];

    public override int Submissions => Limit + (4 * rounds);

    public override int RefusedAtLeast => rounds;

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        var tenant = run.Tenant("cancel");
        var bodyMs = 2_000 + (rounds * 300);
        var running = new Queue<string>((await FillAsync(run, tenant, Limit, bodyMs, cancellationToken)).Select(static j => j.Id));
        for (var round = 0; round < rounds && running.TryDequeue(out var job); round++)
        {
            var racer = run.NewJob(bodyMs);
            var cancel = tenant.CancelAsync(job, null, cancellationToken);
            var submit = tenant.SubmitAsync(racer, null, cancellationToken);
            await Task.WhenAll(cancel, submit, tenant.CancelAsync(job, null, cancellationToken));
            await run.IsFinalAsync(tenant, job, Bound, cancellationToken);
            await tenant.CancelAsync(job, null, cancellationToken);

            // One slot came back. The racer may have had it already; then nobody else may.
            if ((await submit).Value is { } early)
            {
                running.Enqueue(early.JobId);
                await run.Witness.WaitAsync(w => w.LastStarted(racer.Label) is not null, Bound, cancellationToken);
            }
            else if (await StartAsync(run, tenant, bodyMs, cancellationToken) is { } next)
            {
                running.Enqueue(next.Id);
            }

            await Task.WhenAll(
                tenant.SubmitAsync(run.NewJob(bodyMs), null, cancellationToken), tenant.SubmitAsync(run.NewJob(bodyMs), null, cancellationToken));
        }

        await Task.WhenAll(tenant.Accepted.Keys.Select(job => tenant.CancelAsync(job, null, cancellationToken)));
    }
}
