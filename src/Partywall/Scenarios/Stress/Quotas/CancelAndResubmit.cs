using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>
/// A full tenant cancels a running job while others submit in the same moment: the slot is not free before the cancelled
/// body has stopped, and is free once, to one of them, when it has. Cancelling twice frees one slot, not two.
/// </summary>
internal sealed class CancelAndResubmit(int rounds) : QuotaAct
{
    private const int Limit = 5;
    private const int Racers = 12;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new("cancel", Limit)];

    public override IReadOnlyList<string> RacingTenants => ["cancel"];

    public override int Submissions => Limit + ((Racers + 3) * rounds);

    public override int RefusedAtLeast => rounds;

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        var tenant = run.Tenant("cancel");
        var bodyMs = 2_000 + (rounds * 300);
        var running = new Queue<string>((await FillAsync(run, tenant, Limit, bodyMs, cancellationToken)).Select(static j => j.Id));
        for (var round = 0; round < rounds && running.TryDequeue(out var job); round++)
        {
            List<ProbeJob> racers = [.. Enumerable.Range(0, Racers).Select(_ => run.NewJob(bodyMs))];
            var replies = await run.SubmitAtOnceAsync(
                tenant,
                [.. racers.Chunk(1)],
                () => Task.WhenAll(tenant.CancelAsync(job, null, cancellationToken), tenant.CancelAsync(job, null, cancellationToken)),
                cancellationToken);
            await run.IsFinalAsync(tenant, job, Bound, cancellationToken);
            await tenant.CancelAsync(job, null, cancellationToken);

            // One slot came back. One of the racers may have had it already; then nobody else may.
            var early = racers.Zip(replies).Where(static r => r.Second.Value is not null).ToList();
            foreach (var (racer, reply) in early)
            {
                running.Enqueue(reply.Value!.JobId);
                await run.Witness.WaitAsync(w => w.LastStarted(racer.Label) is not null, Bound, cancellationToken);
            }

            if (early.Count == 0 && await StartAsync(run, tenant, bodyMs, cancellationToken) is { } next)
            {
                running.Enqueue(next.Id);
            }

            await Task.WhenAll(
                tenant.SubmitAsync(run.NewJob(bodyMs), null, cancellationToken), tenant.SubmitAsync(run.NewJob(bodyMs), null, cancellationToken));
        }

        await Task.WhenAll(tenant.Accepted.Keys.Select(job => tenant.CancelAsync(job, null, cancellationToken)));
    }
}
