using AutonomOS.Archiving;
using AutonomOS.Jobs;
using AutonomOS.Records;
using AutonomOS.Storage;

namespace AutonomOS.Host.Api;

/// <summary>Cancels a job and, when asked to, waits until its body has stopped.</summary>
/// <remarks>
/// The wait is for an event, subscribed to before the cancellation so that it cannot be missed; because events are sent
/// at most once and a store may go away in between, the job is also looked at every <see cref="LookMs"/>.
/// </remarks>
internal static class CancelEndpoint
{
    /// <summary>How often a waiting cancellation looks at the job, in milliseconds.</summary>
    public const int LookMs = 1000;

    public static void MapCancel(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/jobs/{id}/cancel", CancelAsync).For(ApiAudience.Tenant, "CancelJob", "Cancels a job in whatever state it is.")
            .Parameter("wait", $"Seconds to wait for a running job to stop, 0 to {ApiLimits.CancelWaitSecondsMax}; default 0.", whole: true).Produces<CancelView>().Refuses(404);

    private static async Task<IResult> CancelAsync(HttpContext http, string id, IJobStore store, JobReader reader, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        var wait = TimeSpan.FromSeconds(new ApiQuery(http).Whole("wait", 0, 0, ApiLimits.CancelWaitSecondsMax));
        var tenant = http.Tenant();
        var job = JobEndpoints.Id(id);
        await using var events = wait > TimeSpan.Zero ? await store.SubscribeAsync(tenant.Tenant, tenant.Epoch, http.RequestAborted) : null;
        var result = await store.CancelAsync(tenant.Tenant, job, http.RequestAborted);
        if (result is CancelResult.NotFound)
        {
            var archived = await reader.FindArchivedAsync(tenant.Tenant, tenant.Epoch, job, http.RequestAborted) ?? throw new ApiException(Problems.NoSuchJob);
            return Answer(job, "already_final", archived.State);
        }

        if (result is CancelResult.Cancelled)
        {
            return Answer(job, "cancelled", JobState.Cancelled);
        }

        if (result is CancelResult.AlreadyFinal)
        {
            return Answer(job, "already_final", await LookAsync(http, reader, job));
        }

        var state = events is null
            ? await LookAsync(http, reader, job)
            : await WaitAsync(http, reader, job, events, wait, time, lifetime.ApplicationStopping);
        return Answer(job, state is JobState.Cancelled ? "cancelled" : "requested", state);
    }

    private static async Task<JobState?> WaitAsync(HttpContext http, JobReader reader, JobId job, IJobEventStream events, TimeSpan wait, TimeProvider time, CancellationToken stopping)
    {
        var start = time.GetTimestamp();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        var heard = HearAsync(job, events, end.Token);
        try
        {
            while (true)
            {
                var left = wait - time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero || end.IsCancellationRequested)
                {
                    return await LookAsync(http, reader, job);
                }

                var look = Task.Delay(left < TimeSpan.FromMilliseconds(LookMs) ? left : TimeSpan.FromMilliseconds(LookMs), time, end.Token);
                // Events that have ended without a final one say nothing more: only looking is left.
                var first = heard.IsCompleted && await heard is null ? await Task.WhenAny(look) : await Task.WhenAny(heard, look);
                if (first == heard && await heard is { } final)
                {
                    return final;
                }

                var state = await LookAsync(http, reader, job);
                if (state is JobState.Completed or JobState.Failed or JobState.Cancelled)
                {
                    return state;
                }
            }
        }
        finally
        {
            await end.CancelAsync();
            await heard;
        }
    }

    /// <summary>The state of the first final event; null when told to stop listening.</summary>
    private static async Task<JobState?> HearAsync(JobId job, IJobEventStream events, CancellationToken cancellation)
    {
        try
        {
            await foreach (var happened in events.ReadAsync(cancellation))
            {
                if (happened.Id == job && happened.State is (JobState.Completed or JobState.Failed or JobState.Cancelled))
                {
                    return happened.State;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The wait is over.
        }

        return null;
    }

    /// <summary>The cancellation is done; an answer that the look at the job failed would hide that.</summary>
    private static async Task<JobState?> LookAsync(HttpContext http, JobReader reader, JobId job)
    {
        try
        {
            return (await reader.GetAsync(http.Tenant().Tenant, http.Tenant().Epoch, job, http.RequestAborted))?.State;
        }
        catch (Exception error) when (error is StoreUnavailableException or RecordsUnavailableException)
        {
            return null;
        }
    }

    private static IResult Answer(JobId job, string outcome, JobState? state) =>
        ApiResults.Ok(new CancelView(job.Value, outcome, state), ApiFormat.Json.CancelView);
}
