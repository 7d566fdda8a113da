using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>
/// Two payloads under the same key, each many times at once: one of them becomes one job, with one body and one slot, and the
/// other is refused. The winner again when the tenant is full, and again when the job has ended, is still that job. Another
/// tenant's same key is another job.
/// </summary>
internal sealed class IdempotencyReplays(int replays) : QuotaAct
{
    private const int Limit = 5;
    private const int BodyMs = 800;
    private const string SharedKey = "the-same-key";

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new("replay-a", Limit), new("replay-b", Limit)];

    public override IReadOnlyList<string> RacingTenants => ["replay-a", "replay-b"];

    public override int Submissions => 2 * ((2 * replays) + Limit + 4);

    public override int RefusedAtLeast => 2;

    public override Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken) =>
        Task.WhenAll(Tenants.Select(t => DriveAsync(run, run.Tenant(t.Id), cancellationToken)));

    private async Task DriveAsync(ScenarioRun run, RecordedTenant tenant, CancellationToken cancellationToken)
    {
        List<ProbeJob> payloads = [.. Enumerable.Range(0, 2).Select(_ => run.NewJob(BodyMs) with { IdempotencyKey = SharedKey })];
        List<ProbeJob> racers = [.. Enumerable.Range(0, replays).SelectMany(_ => payloads)];
        var replies = await run.SubmitAtOnceAsync(tenant, [.. racers.Chunk(1)], null, cancellationToken);
        var keyed = racers.Zip(replies).FirstOrDefault(static r => r.Second.Value is not null).First ?? payloads[0];
        await tenant.SubmitAsync(run.NewJob(BodyMs) with { IdempotencyKey = SharedKey }, null, cancellationToken);

        // Full: a new job is refused, a replay is not, since it takes no slot.
        await FillAsync(run, tenant, Limit, BodyMs, cancellationToken);
        await tenant.SubmitAsync(keyed, null, cancellationToken);

        await DrainAsync(run, tenant, cancellationToken);
        await tenant.SubmitAsync(keyed, null, cancellationToken);
        await tenant.SubmitAsync(run.NewJob(BodyMs) with { IdempotencyKey = SharedKey }, null, cancellationToken);
    }
}
