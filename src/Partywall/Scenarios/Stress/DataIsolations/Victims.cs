using Partywall.Load;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.DataIsolations;

/// <summary>
/// Brings one job of a tenant into each situation, in which it stays for as long as nobody touches it. The tenant's limit is
/// two, and both of its slots are held in the end, so what is queued stays queued.
/// </summary>
internal static class Victims
{
    /// <summary>The limit that the order of submissions below counts on.</summary>
    public const int Limit = 2;

    private const int ShortBodyMs = 100;
    private const int DelayMs = 3_600_000;
    private const int ProgressStepsMax = 100;

    /// <summary>More failures than a system tries.</summary>
    private const int FailAlways = 1_000;

    /// <summary>Two failures: should the first retry come before the slot is taken, the second does not.</summary>
    private const int FailTwice = 2;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    /// <summary>Makes them.</summary>
    /// <returns>The jobs by situation; what could not be made is missing, and is missed by the checks.</returns>
    public static async Task<IReadOnlyDictionary<Situation, string>> MakeAsync(
        ScenarioRun run, RecordedTenant tenant, int holdMs, CancellationToken cancellationToken)
    {
        var victims = new Dictionary<Situation, string>();

        await SubmitAsync(Situation.Completed, run.NewJob(ShortBodyMs, progressSteps: 1));
        var cancelled = run.NewJob(holdMs, progressSteps: ProgressStepsMax);
        await SubmitAsync(Situation.Cancelled, cancelled);
        await StartedAsync(cancelled);
        if (victims.TryGetValue(Situation.Cancelled, out var job))
        {
            await tenant.CancelAsync(job, null, cancellationToken);
        }

        await SubmitAsync(Situation.Failed, run.NewJob(ShortBodyMs) with { FailFirstAttempts = FailAlways });
        await Task.WhenAll(victims.Values.ToList().Select(j => run.IsFinalAsync(tenant, j, Bound, cancellationToken)));

        // In this order: the first two start, the second fails, and its slot goes to the third before it is due again.
        var running = run.NewJob(holdMs, progressSteps: ProgressStepsMax);
        var retrying = run.NewJob(ShortBodyMs) with { FailFirstAttempts = FailTwice };
        var holder = run.NewJob(holdMs);
        await SubmitAsync(Situation.Running, running);
        await SubmitAsync(Situation.Retrying, retrying);
        await tenant.SubmitAsync(holder, null, cancellationToken);
        await SubmitAsync(Situation.Pending, run.NewJob(ShortBodyMs));
        await StartedAsync(running);
        await StartedAsync(holder);
        await SubmitAsync(Situation.Delayed, run.NewJob(ShortBodyMs) with { DelayMs = DelayMs });
        return victims;

        async Task SubmitAsync(Situation situation, ProbeJob probe)
        {
            if ((await tenant.SubmitAsync(probe, null, cancellationToken)).Value is { } submission)
            {
                victims[situation] = submission.JobId;
            }
        }

        Task StartedAsync(ProbeJob probe) => run.Witness.WaitAsync(w => w.LastStarted(probe.Label) is not null, Bound, cancellationToken);
    }
}
