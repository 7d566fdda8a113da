using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>
/// The same submission under the same key, many times at once, again when the tenant is full, and again when the job
/// has ended: one job, one body, one slot. Another payload under the key is refused. Another tenant's same key is
/// another job.
/// </summary>
internal sealed class IdempotencyReplays(int replays) : QuotaAct
{
    private const int Limit = 5;
    private const int BodyMs = 800;
    private const string SharedKey = "the-same-key";

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new("replay-a", Limit), new("replay-b", Limit)];

    public override int Submissions => 2 * (replays + Limit + 4);

    public override int RefusedAtLeast => 2;

    public override Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken) =>
        Task.WhenAll(Tenants.Select(t => DriveAsync(run, run.Tenant(t.Id), cancellationToken)));

    private async Task DriveAsync(ScenarioRun run, RecordedTenant tenant, CancellationToken cancellationToken)
    {
        var keyed = run.NewJob(BodyMs) with { IdempotencyKey = SharedKey };
        await Task.WhenAll(Enumerable.Range(0, replays).Select(_ => Task.Run(() => tenant.SubmitAsync(keyed, null, cancellationToken), cancellationToken)));
        await tenant.SubmitAsync(run.NewJob(BodyMs) with { IdempotencyKey = SharedKey }, null, cancellationToken);

        // Full: a new job is refused, a replay is not, since it takes no slot.
        await FillAsync(run, tenant, Limit, BodyMs, cancellationToken);
        await tenant.SubmitAsync(keyed, null, cancellationToken);

        await DrainAsync(run, tenant, cancellationToken);
        await tenant.SubmitAsync(keyed, null, cancellationToken);
        await tenant.SubmitAsync(run.NewJob(BodyMs) with { IdempotencyKey = SharedKey }, null, cancellationToken);
    }
}
