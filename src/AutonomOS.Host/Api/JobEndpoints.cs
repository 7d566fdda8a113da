using System.Text.Json;
using AutonomOS.Archiving;
using AutonomOS.Jobs;
using AutonomOS.Records;
using AutonomOS.Storage;
using AutonomOS.Tenants;

namespace AutonomOS.Host.Api;

/// <summary>A tenant's jobs. The tenant comes from the key, never from the request.</summary>
internal static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/jobs", SubmitAsync).For(ApiAudience.Tenant, "SubmitJob", "Submits a job. 202 when taken, 200 when its idempotency_key was used before with the same content.")
            .Takes<SubmitRequest>(ApiLimits.SubmitBodyBytesMax).Produces<SubmittedView>(202).Produces<SubmittedView>().Refuses(409, 422);
        app.MapPost("/v1/jobs/batch", SubmitBatchAsync).For(ApiAudience.Tenant, "SubmitJobs", "Submits up to 1000 jobs; each is taken or refused on its own.")
            .Takes<BatchRequest>(ApiLimits.BatchBodyBytesMax).Produces<BatchView>();
        app.MapGet("/v1/jobs", ListAsync).For(ApiAudience.Tenant, "ListJobs", "Lists jobs, newest first, without payloads and results.")
            .FiltersByStatus().Pages().Produces<JobListView>();
        app.MapGet("/v1/jobs/{id}", GetAsync).For(ApiAudience.Tenant, "GetJob", "Gives a job, with its place in the queue and why it waits.")
            .Produces<JobView>().Refuses(404);
        app.MapPost("/v1/jobs/{id}/retry", RetryAsync).For(ApiAudience.Tenant, "RetryJob", "Makes a failed or cancelled job pending again, while the store still has it.")
            .Produces<RetryView>(202).Refuses(404, 409);
        app.MapGet("/v1/usage", UsageAsync).For(ApiAudience.Tenant, "GetUsage", "Gives what the tenant holds now, against its limits.")
            .Produces<UsageView>();
    }

    /// <summary>What is no job id names no job.</summary>
    public static JobId Id(string text) => JobId.TryParse(text, out var id) ? id : throw new ApiException(Problems.NoSuchJob);

    private static async Task<IResult> SubmitAsync(HttpContext http, IJobStore store, JobReader reader, TenantPublisher publisher, TimeProvider time)
    {
        var tenant = http.Tenant();
        var request = await ApiBody.ReadAsync(http, ApiFormat.Json.SubmitRequest);
        var (job, errors) = request.Read(JobId.New(time));
        if (job is null)
        {
            throw new ApiException(Problems.Invalid(errors!));
        }

        var result = (await store.SubmitAsync(tenant.Tenant, tenant.Epoch, [job], http.RequestAborted))[0];
        ThrowIfUnknownToStore(tenant, result, publisher);
        switch (result.Status)
        {
            case SubmitStatus.Accepted:
                http.Response.Headers.Location = $"/v1/jobs/{result.Id.Value}";
                return ApiResults.Ok(new SubmittedView(result.Id.Value, JobState.Pending), ApiFormat.Json.SubmittedView, StatusCodes.Status202Accepted);
            case SubmitStatus.Replayed:
                var state = await FirstStateAsync(http, reader, result.Id);
                http.Response.Headers.Location = $"/v1/jobs/{result.Id.Value}";
                return ApiResults.Ok(new SubmittedView(result.Id.Value, state, Replayed: true), ApiFormat.Json.SubmittedView);
            default:
                return ApiResults.Problem(Problems.Refused(result));
        }
    }

    private static async Task<IResult> SubmitBatchAsync(HttpContext http, IJobStore store, TenantPublisher publisher, TimeProvider time)
    {
        var tenant = http.Tenant();
        var request = await ApiBody.ReadAsync(http, ApiFormat.Json.BatchRequest);
        if (request.Jobs is not { Count: > 0 and <= JobSubmissionRules.BatchMax } items)
        {
            throw new ApiException(Problems.Invalid("jobs", $"jobs is a list of 1 to {JobSubmissionRules.BatchMax} jobs."));
        }

        var answers = new BatchItemView[items.Count];
        var valid = new List<JobSubmission>(items.Count);
        var places = new List<int>(items.Count);
        for (var place = 0; place < items.Count; place++)
        {
            var (job, problem) = Read(items[place], JobId.New(time));
            if (job is null)
            {
                answers[place] = BatchItemView.Rejected(problem!);
                continue;
            }

            valid.Add(job);
            places.Add(place);
        }

        if (valid.Count > 0)
        {
            var results = await store.SubmitAsync(tenant.Tenant, tenant.Epoch, valid, http.RequestAborted);
            ThrowIfUnknownToStore(tenant, results[0], publisher);
            for (var i = 0; i < results.Count; i++)
            {
                answers[places[i]] = BatchItemView.Of(results[i]);
            }
        }

        return ApiResults.Ok(new BatchView(answers), ApiFormat.Json.BatchView);
    }

    private static async Task<IResult> ListAsync(HttpContext http, JobReader reader)
    {
        var query = new ApiQuery(http);
        var state = query.State("status");
        var limit = query.Whole("limit", ApiLimits.PageDefault, 1, ApiLimits.PageMax);
        try
        {
            var page = await reader.ListAsync(http.Tenant().Tenant, http.Tenant().Epoch, state, query.Text("cursor"), limit, http.RequestAborted);
            return ApiResults.Ok(new JobListView([.. page.Jobs.Select(job => JobItemView.Of(job))], page.NextCursor), ApiFormat.Json.JobListView);
        }
        catch (FormatException)
        {
            throw new ApiException(Problems.Invalid("cursor", "cursor is the next_cursor of a page before."));
        }
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, JobReader reader)
    {
        var job = await reader.GetAsync(http.Tenant().Tenant, http.Tenant().Epoch, Id(id), http.RequestAborted) ?? throw new ApiException(Problems.NoSuchJob);
        return ApiResults.Ok(JobView.Of(job), ApiFormat.Json.JobView);
    }

    private static async Task<IResult> RetryAsync(HttpContext http, string id, IJobStore store, JobReader reader)
    {
        var job = Id(id);
        var result = await store.RetryAsync(http.Tenant().Tenant, job, http.RequestAborted);
        return result.Status switch
        {
            RetryStatus.Accepted => ApiResults.Ok(new RetryView(job.Value, JobState.Pending), ApiFormat.Json.RetryView, StatusCodes.Status202Accepted),
            RetryStatus.NotRetryable => ApiResults.Problem(Problems.NotRetryable),
            RetryStatus.QuotaExceeded => ApiResults.Problem(Problems.QuotaExceeded(result.Limit, result.Count)),
            RetryStatus.TenantNotActive => ApiResults.Problem(http.Tenant().Status is TenantStatus.Deleting or TenantStatus.Deleted ? Problems.TenantGone : Problems.TenantSuspended),
            // What only the records have is over for good.
            _ => ApiResults.Problem(await reader.FindArchivedAsync(http.Tenant().Tenant, http.Tenant().Epoch, job, http.RequestAborted) is null ? Problems.NoSuchJob : Problems.NotRetryable),
        };
    }

    /// <summary>Where the first job of a replay has got to; unknown when it is past its retention, or archived while the records are away.</summary>
    private static async Task<JobState?> FirstStateAsync(HttpContext http, JobReader reader, JobId first)
    {
        try
        {
            return (await reader.GetAsync(http.Tenant().Tenant, http.Tenant().Epoch, first, http.RequestAborted))?.State;
        }
        catch (RecordsUnavailableException)
        {
            return null;
        }
    }

    private static async Task<IResult> UsageAsync(HttpContext http, IJobStore store, TenantPublisher publisher)
    {
        if (await store.UsageAsync(http.Tenant().Tenant, http.RequestAborted) is { } usage)
        {
            return ApiResults.Ok(UsageView.Of(usage), ApiFormat.Json.UsageView);
        }

        publisher.PushSoon();
        throw new ApiException(Problems.TenantNotYetInStore);
    }

    private static (JobSubmission? Job, ApiProblem? Problem) Read(JsonElement item, JobId id)
    {
        if (item.ValueKind is not JsonValueKind.Object)
        {
            return (null, Problems.Invalid("job", "A job is an object."));
        }

        try
        {
            var (job, errors) = item.Deserialize(ApiFormat.Json.SubmitRequest)!.Read(id);
            return (job, errors is null ? null : Problems.Invalid(errors));
        }
        catch (JsonException error)
        {
            return (null, ApiBody.Explain(error, ApiFormat.Json.SubmitRequest));
        }
    }

    /// <summary>
    /// The records hold the tenant as alive and the store denies knowing it: the store came back without its data, or the
    /// tenant was created while it was away. That passes, so it is not "gone".
    /// </summary>
    private static void ThrowIfUnknownToStore(TenantIdentity tenant, SubmitResult result, TenantPublisher publisher)
    {
        if (result.Status is SubmitStatus.TenantGone && tenant.Status is (TenantStatus.Active or TenantStatus.Suspended))
        {
            publisher.PushSoon();
            throw new ApiException(Problems.TenantNotYetInStore);
        }
    }
}
