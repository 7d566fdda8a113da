using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>
/// A strict tenant's limit is raised while full and lowered while fuller: what runs goes on, and every submission is
/// decided by the new limit. A second tenant, with a backlog, is raised while jobs wait: they must start, and end.
/// </summary>
internal sealed class LimitsChanged : QuotaAct
{
    private const int Low = 2;
    private const int Middle = 5;
    private const int High = 8;
    private const int Backlog = 12;
    private const int BodyMs = 1_500;
    private const int QueuedBodyMs = 300;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new("limits", Middle), new("raised", Low, Backlog)];

    public override int Submissions => Middle + 1 + (High - Middle + 1) + 1 + (Low + 2) + (Middle - Low + 1) + Low + Backlog;

    public override int RefusedAtLeast => 5;

    public override Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        if (!run.Target.TryGet<ILimitChanges>(out var changes))
        {
            throw new InvalidOperationException("The scenario needs changes of limits.");
        }

        return Task.WhenAll(StrictAsync(run, changes, cancellationToken), QueuedAsync(run, changes, cancellationToken));
    }

    private static async Task StrictAsync(ScenarioRun run, ILimitChanges changes, CancellationToken cancellationToken)
    {
        var tenant = run.Tenant("limits");
        await FillAsync(run, tenant, Middle + 1, BodyMs, cancellationToken);
        await run.SetLimitsAsync(changes, tenant.Id, High, 0, cancellationToken);
        await FillAsync(run, tenant, High - Middle + 1, BodyMs, cancellationToken);
        await run.SetLimitsAsync(changes, tenant.Id, Low, 0, cancellationToken);
        await tenant.SubmitAsync(run.NewJob(BodyMs), null, cancellationToken);
        await DrainAsync(run, tenant, cancellationToken);
        await FillAsync(run, tenant, Low + 2, BodyMs, cancellationToken);
        await run.SetLimitsAsync(changes, tenant.Id, Middle, 0, cancellationToken);
        await FillAsync(run, tenant, Middle - Low + 1, BodyMs, cancellationToken);
    }

    private static async Task QueuedAsync(ScenarioRun run, ILimitChanges changes, CancellationToken cancellationToken)
    {
        var tenant = run.Tenant("raised");
        await tenant.SubmitBatchAsync([.. Enumerable.Range(0, Low + Backlog).Select(_ => run.NewJob(QueuedBodyMs))], cancellationToken);
        await run.Witness.WaitAsync(w => w.Running(tenant.Id) >= Low, Bound, cancellationToken);
        await run.SetLimitsAsync(changes, tenant.Id, Middle, Backlog, cancellationToken);
        await run.Witness.WaitAsync(w => w.Running(tenant.Id) >= Middle, Bound, cancellationToken);
    }
}
