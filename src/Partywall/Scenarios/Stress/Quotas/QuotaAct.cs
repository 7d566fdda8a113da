using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>
/// One way to try to get around a limit, with tenants of its own, so that all acts can run at the same time. An act
/// only drives; whether each submission was rightly admitted or refused is judged from the history.
/// </summary>
internal abstract class QuotaAct
{
    /// <summary>Any single wait in an act; what takes longer is stuck, and the checks say so.</summary>
    protected static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    /// <summary>The act's tenants.</summary>
    public abstract IReadOnlyList<TenantSpec> Tenants { get; }

    /// <summary>Those whose races come from processes of their own, where the target can start such. Default: none.</summary>
    public virtual IReadOnlyList<string> RacingTenants => [];

    /// <summary>Submissions it means to make.</summary>
    public abstract int Submissions { get; }

    /// <summary>Refusals for want of quota without which the act has shown nothing.</summary>
    public abstract int RefusedAtLeast { get; }

    /// <summary>Drives it.</summary>
    public abstract Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken);

    /// <summary>Submits a job and waits until its body runs.</summary>
    /// <returns>The job and its id; null when it was not accepted.</returns>
    protected static async Task<(ProbeJob Job, string Id)?> StartAsync(
        ScenarioRun run, RecordedTenant tenant, int bodyMs, CancellationToken cancellationToken)
    {
        var job = run.NewJob(bodyMs);
        if ((await tenant.SubmitAsync(job, null, cancellationToken)).Value is not { } submission)
        {
            return null;
        }

        await run.Witness.WaitAsync(w => w.LastStarted(job.Label) is not null, Bound, cancellationToken);
        return (job, submission.JobId);
    }

    /// <summary>Submits several jobs in parallel and waits until the accepted ones run.</summary>
    protected static async Task<IReadOnlyList<(ProbeJob Job, string Id)>> FillAsync(
        ScenarioRun run, RecordedTenant tenant, int count, int bodyMs, CancellationToken cancellationToken)
    {
        var started = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => StartAsync(run, tenant, bodyMs, cancellationToken)));
        return [.. started.Where(static s => s is not null).Select(static s => s!.Value)];
    }

    /// <summary>Waits until every job the tenant has had accepted is final by the system's word, its slot free again.</summary>
    protected static Task DrainAsync(ScenarioRun run, RecordedTenant tenant, CancellationToken cancellationToken) =>
        Task.WhenAll(tenant.Accepted.Keys.Select(job => run.IsFinalAsync(tenant, job, Bound, cancellationToken)));
}
