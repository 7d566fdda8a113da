using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Partywall.Targets;

namespace Partywall.Model;

/// <summary>
/// A tenant's access to the model. What it "receives" is the answer as JSON with a status, as an HTTP API would send
/// it, so that there are bytes to compare and to search.
/// </summary>
internal sealed class ModelClient(ModelSystem system, ModelTenant tenant) : ITenantClient
{
    private const int PageSize = 50;

    public string TenantId => tenant.Id;

    public async Task<Reply<Submission>> SubmitAsync(ProbeJob job, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(job);
        await Elsewhere(cancellationToken);
        return await AdmitAsync(job);
    }

    public async Task<IReadOnlyList<Reply<Submission>>> SubmitBatchAsync(IReadOnlyList<ProbeJob> jobs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        await Elsewhere(cancellationToken);
        var replies = new List<Reply<Submission>>(jobs.Count);
        foreach (var job in jobs)
        {
            replies.Add(await AdmitAsync(job));
        }

        return replies;
    }

    public async Task<Reply<JobView>> GetAsync(string jobId, CancellationToken cancellationToken)
    {
        await Elsewhere(cancellationToken);
        return Answer(system.Get(tenant, jobId));
    }

    public async Task<Reply<JobPage>> ListAsync(JobState? state, string? cursor, CancellationToken cancellationToken)
    {
        await Elsewhere(cancellationToken);
        if (!long.TryParse(cursor ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var after))
        {
            var refusal = new Refusal(RefusalCode.InvalidRequest, "The cursor is not one of ours.");
            return Reply.Refused<JobPage>(refusal, Evidence(400, Problem(refusal)));
        }

        var (jobs, next) = system.List(tenant, state, after, PageSize);
        var page = new JobPage(jobs, next?.ToString(CultureInfo.InvariantCulture));
        var body = new JsonObject { ["jobs"] = new JsonArray([.. jobs.Select(Json)]), ["next"] = page.NextCursor, ["latest"] = system.ForeignText };
        return Reply.Ok(page, Evidence(200, body));
    }

    public async Task<Reply<JobView>> CancelAsync(string jobId, CancellationToken cancellationToken)
    {
        await Elsewhere(cancellationToken);
        return Answer(system.Cancel(tenant, jobId));
    }

    public async Task<Reply<UsageView>> UsageAsync(CancellationToken cancellationToken)
    {
        await Elsewhere(cancellationToken);
        var usage = system.Usage(tenant);
        var body = new JsonObject
        {
            ["running"] = usage.Running,
            ["pending"] = usage.Pending,
            ["maxConcurrent"] = usage.MaxConcurrent,
            ["maxQueued"] = usage.MaxQueued,
        };
        return Reply.Ok(usage, Evidence(200, body));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Goes on where the caller is not, so that calls made together are really under way together.</summary>
    private static Task Elsewhere(CancellationToken cancellationToken) => Task.Run(static () => { }, cancellationToken);

    private async Task<Reply<Submission>> AdmitAsync(ProbeJob job)
    {
        if (job.Pool is not (null or "default"))
        {
            var unknown = new Refusal(RefusalCode.InvalidRequest, $"There is no pool {job.Pool}.");
            return Reply.Refused<Submission>(unknown, Evidence(400, Problem(unknown)));
        }

        var admission = await system.SubmitAsync(tenant, job);
        if (admission.Refusal is { } refusal)
        {
            return Reply.Refused<Submission>(refusal, Evidence(refusal.Code == RefusalCode.QuotaExceeded ? 429 : 422, Problem(refusal)));
        }

        return Reply.Ok(
            new Submission(admission.Job!.Id, admission.Replayed),
            Evidence(admission.Replayed ? 200 : 202, new JsonObject { ["id"] = admission.Job.Id, ["replayed"] = admission.Replayed }));
    }

    private static Reply<JobView> Answer(JobView? job) => job is null
        ? Reply.NotFound<JobView>(Evidence(404, Problem(new Refusal("not_found", "There is no such job."))))
        : Reply.Ok(job, Evidence(200, Json(job)));

    private static JsonObject Json(JobView job) => new()
    {
        ["id"] = job.Id,
        ["state"] = job.State.ToString(),
        ["attempts"] = job.Attempts,
        ["progress"] = job.Progress,
        ["result"] = job.Result,
        ["error"] = job.Error,
    };

    private static JsonObject Problem(Refusal refusal) => new()
    {
        ["code"] = refusal.Code,
        ["detail"] = refusal.Detail,
        ["limit"] = refusal.Limit,
        ["count"] = refusal.Count,
    };

    private static ReplyEvidence Evidence(int status, JsonObject body) => new(status, Encoding.UTF8.GetBytes(body.ToJsonString()));
}
