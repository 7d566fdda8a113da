using Partywall.Load;

namespace Partywall.Scenarios;

/// <summary>
/// Before the load: each tenant has one short job run from end to end, so that connections are open, code is compiled,
/// and every operation has succeeded once. It is recorded like all else; a tenant whose job does not end is left to the
/// checks, because a system that starves a tenant may do so from the first job on.
/// </summary>
internal static class WarmUp
{
    private const int BodyMs = 20;

    /// <summary>Calls of each tenant at the same time, so that the load need not open its connections first.</summary>
    private const int CallsAtOnce = 16;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    public static Task RunAsync(ScenarioRun run, CancellationToken cancellationToken) =>
        Task.WhenAll(run.Tenants.Select(tenant => RunAsync(run, tenant, cancellationToken)));

    private static async Task RunAsync(ScenarioRun run, RecordedTenant tenant, CancellationToken cancellationToken)
    {
        var job = run.NewJob(BodyMs, progressSteps: 1);
        if ((await tenant.SubmitAsync(job, null, cancellationToken)).Value is not { } submission)
        {
            run.Note($"The warm-up job of {tenant.Id} was not accepted.");
            return;
        }

        if (!await run.Witness.WaitAsync(w => w.Stops(job.Label) > 0, Bound, cancellationToken)
            || !await run.IsFinalAsync(tenant, submission.JobId, Bound, cancellationToken))
        {
            run.Note($"The warm-up job of {tenant.Id} did not end within {Bound.TotalSeconds} s.");
        }

        await Task.WhenAll(Enumerable.Range(0, CallsAtOnce).Select(_ => tenant.ListAsync(null, null, OperationReason.Observe, cancellationToken)));
        await tenant.UsageAsync(cancellationToken);
    }
}
