using System.Text.Json;
using Partywall.Targets;

namespace Partywall.AutonomOS.Http;

/// <summary>One tenant's client of the API: its key, its connections. See <see cref="ApiConnection"/> for what an outcome means.</summary>
internal sealed class TenantApi(string tenantId, Uri api, string key, TimeSpan bound, Action<TenantApi> closed) : ITenantClient
{
    /// <summary>Connections opened at the start; more are opened as calls need them.</summary>
    private const int ConnectionsAtStart = 16;

    private readonly ApiConnection _connection = new(api, key, bound);
    private int _disposed;

    /// <summary>Its key, for the tenant's clients in other processes.</summary>
    public string Key { get; } = key;

    /// <summary>Its connection, for calls that are found by the API's description.</summary>
    public ApiConnection Connection => _connection;

    /// <inheritdoc/>
    public string TenantId { get; } = tenantId;

    /// <summary>
    /// Opens the client's connections by using its key on each, so that the first burst of calls is not also a burst of
    /// handshakes, whose time would pass for the system's or make the load fall behind its schedule.
    /// </summary>
    /// <exception cref="TargetException">The key does not work.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        foreach (var opened in await Task.WhenAll(Enumerable.Range(0, ConnectionsAtStart).Select(_ => UsageAsync(cancellationToken))))
        {
            if (opened.Kind != ReplyKind.Ok)
            {
                throw new TargetException(
                    $"The tenant {TenantId} was brought in, but cannot use its key: {opened.Kind} {opened.Refusal?.Detail ?? opened.Detail} (status {opened.Evidence.Status})");
            }
        }
    }

    /// <inheritdoc/>
    public async Task<Reply<Submission>> SubmitAsync(ProbeJob job, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(job);
        var answer = await _connection.SendAsync(HttpMethod.Post, "v1/jobs", JobJson.Submission(job), null, cancellationToken);
        return answer.To(JobJson.Accepted);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Reply<Submission>>> SubmitBatchAsync(IReadOnlyList<ProbeJob> jobs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        if (jobs.Count == 0)
        {
            throw new ArgumentException("A batch has at least one job.", nameof(jobs));
        }

        var answer = await _connection.SendAsync(HttpMethod.Post, "v1/jobs/batch", JobJson.Batch(jobs), null, cancellationToken);
        var whole = answer.To(json => Items(json, answer.Evidence, jobs.Count));
        return whole.Value ?? [.. jobs.Select(_ => (answer.Kind == ReplyKind.Ok ? Unreadable(whole) : answer).To<Submission>(
            static _ => throw new FormatException("A failed call has no value.")))];
    }

    /// <inheritdoc/>
    public async Task<Reply<JobView>> GetAsync(string jobId, CancellationToken cancellationToken)
    {
        var answer = await _connection.SendAsync(HttpMethod.Get, JobPath(jobId), null, null, cancellationToken);
        return answer.To(JobJson.View);
    }

    /// <inheritdoc/>
    public async Task<Reply<JobPage>> ListAsync(JobState? state, string? cursor, CancellationToken cancellationToken)
    {
        var query = new List<string>();
        if (state is { } wanted)
        {
            query.Add("status=" + wanted.ToString().ToLowerInvariant());
        }

        if (cursor is not null)
        {
            query.Add("cursor=" + Uri.EscapeDataString(cursor));
        }

        var path = query.Count == 0 ? "v1/jobs" : "v1/jobs?" + string.Join('&', query);
        var answer = await _connection.SendAsync(HttpMethod.Get, path, null, null, cancellationToken);
        return answer.To(JobJson.Page);
    }

    /// <inheritdoc/>
    public async Task<Reply<JobView>> CancelAsync(string jobId, CancellationToken cancellationToken)
    {
        var answer = await _connection.SendAsync(HttpMethod.Post, JobPath(jobId) + "/cancel", null, null, cancellationToken);
        if (answer.Kind != ReplyKind.Ok)
        {
            return answer.To(JobJson.View);
        }

        // The answer to a cancellation does not count attempts, so the job is asked for once more. Both answers are evidence.
        var job = await _connection.SendAsync(HttpMethod.Get, JobPath(jobId), null, null, cancellationToken);
        var evidence = new ReplyEvidence(answer.Evidence.Status, (byte[])[.. answer.Evidence.Bytes.Span, .. job.Evidence.Bytes.Span]);
        return job.Kind == ReplyKind.Ok
            ? (job with { Evidence = evidence }).To(JobJson.View)
            : Reply.Unknown<JobView>($"The cancellation was taken, but the job could not be read afterwards: {job.Words}", evidence);
    }

    /// <inheritdoc/>
    public async Task<Reply<UsageView>> UsageAsync(CancellationToken cancellationToken)
    {
        var answer = await _connection.SendAsync(HttpMethod.Get, "v1/usage", null, null, cancellationToken);
        return answer.To(JobJson.Usage);
    }

    /// <summary>Subscribes to a job's events.</summary>
    /// <param name="jobId">Any job id.</param>
    /// <param name="cancellationToken">Gives up waiting for the subscription.</param>
    public async Task<Reply<IJobWatch>> WatchAsync(string jobId, CancellationToken cancellationToken)
    {
        var (stream, answer) = await _connection.OpenStreamAsync(JobPath(jobId) + "/events", cancellationToken);
        return answer.To<IJobWatch>(_ => new EventWatch(stream!));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _connection.Dispose();
            closed(this);
        }

        return ValueTask.CompletedTask;
    }

    private static List<Reply<Submission>> Items(JsonElement json, ReplyEvidence evidence, int expected)
    {
        var items = json.GetProperty("results").EnumerateArray().Select(item => JobJson.BatchItem(item, evidence)).ToList();
        return items.Count == expected
            ? items
            : throw new FormatException($"{items.Count} results for {expected} submissions.");
    }

    private static ApiAnswer Unreadable<T>(Reply<T> whole)
        where T : class => new(ReplyKind.Unknown, default, null, whole.Detail, whole.Evidence);

    private static string JobPath(string jobId) => "v1/jobs/" + Uri.EscapeDataString(jobId);
}
