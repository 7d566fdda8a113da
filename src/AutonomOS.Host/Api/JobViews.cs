using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using AutonomOS.Jobs;

namespace AutonomOS.Host.Api;

/// <summary>A job handed in.</summary>
internal sealed record SubmitRequest
{
    [Required]
    [Description("Which handler runs it: 1 to 128 characters of A-Z a-z 0-9 . _ - / :")]
    public string? Type { get; init; }

    [Description("Any JSON, kept byte for byte; null when absent.")]
    public RawJson? Payload { get; init; }

    [Description("The pool whose workers run it; default 'default'.")]
    public string? Pool { get; init; }

    [Description("0 (last) to 9 (first); default 5.")]
    public int? Priority { get; init; }

    [Description("Runs no earlier than this long after acceptance, in milliseconds; default 0.")]
    public long? DelayMs { get; init; }

    [Description("Handler failures after which the job is failed, 1 to 100; default 3.")]
    public int? MaxAttempts { get; init; }

    [Description("How long one attempt may run, in milliseconds, 1000 to 86400000; default 1800000.")]
    public long? TimeoutMs { get; init; }

    [Description("1 to 128 printable ASCII characters: the same key with the same content gives the first job again.")]
    public string? IdempotencyKey { get; init; }

    /// <summary>The submission, or what is wrong with it, by field.</summary>
    public (JobSubmission? Job, Dictionary<string, string[]>? Errors) Read(JobId id)
    {
        var job = new JobSubmission { Id = id, Type = Type ?? "", Payload = Payload?.Bytes ?? "null"u8.ToArray(), IdempotencyKey = IdempotencyKey };
        job = job with
        {
            Pool = Pool ?? job.Pool,
            Priority = Priority ?? job.Priority,
            DelayMs = DelayMs ?? job.DelayMs,
            MaxAttempts = MaxAttempts ?? job.MaxAttempts,
            TimeoutMs = TimeoutMs ?? job.TimeoutMs,
        };
        return Type is not null && JobSubmissionRules.Violation(job) is null ? (job, null) : (null, Wrong(job));
    }

    /// <summary>The rules name the first violation; here each field is tried alone in a submission that is right otherwise.</summary>
    private Dictionary<string, string[]> Wrong(JobSubmission job)
    {
        var right = new JobSubmission { Id = job.Id, Type = "type" };
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        Try("type", Type is null ? "type is missing." : JobSubmissionRules.Violation(right with { Type = job.Type }));
        Try("pool", JobSubmissionRules.Violation(right with { Pool = job.Pool }));
        Try("priority", JobSubmissionRules.Violation(right with { Priority = job.Priority }));
        Try("delay_ms", JobSubmissionRules.Violation(right with { DelayMs = job.DelayMs }));
        Try("max_attempts", JobSubmissionRules.Violation(right with { MaxAttempts = job.MaxAttempts }));
        Try("timeout_ms", JobSubmissionRules.Violation(right with { TimeoutMs = job.TimeoutMs }));
        Try("idempotency_key", JobSubmissionRules.Violation(right with { IdempotencyKey = job.IdempotencyKey }));
        return errors;

        void Try(string field, string? violation)
        {
            if (violation is not null)
            {
                errors[field] = [violation];
            }
        }
    }
}

/// <summary>Jobs handed in together; each is taken or refused on its own.</summary>
internal sealed record BatchRequest
{
    [Required]
    [Description("1 to 1000 jobs, each as POST /v1/jobs takes one.")]
    public IReadOnlyList<JsonElement>? Jobs { get; init; }
}

/// <summary>A job that was taken.</summary>
internal sealed record SubmittedView(
    string Id,
    JobState? Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Replayed = false);

/// <summary>What became of one job of a batch.</summary>
internal sealed record BatchItemView
{
    [Description("accepted, replayed or rejected.")]
    public required string Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Limit { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Count { get; init; }

    public static BatchItemView Of(SubmitResult result) => result.Status switch
    {
        SubmitStatus.Accepted => new() { Status = "accepted", Id = result.Id.Value },
        SubmitStatus.Replayed => new() { Status = "replayed", Id = result.Id.Value },
        _ => Rejected(Problems.Refused(result)),
    };

    public static BatchItemView Rejected(ApiProblem problem) => new()
    {
        Status = "rejected",
        Code = problem.Code,
        Detail = problem.Detail,
        Limit = problem.Limit,
        Count = problem.Count,
    };
}

/// <summary>A result per job of a batch, in order.</summary>
internal sealed record BatchView(IReadOnlyList<BatchItemView> Results);

/// <summary>How far a job is.</summary>
internal sealed record ProgressView(int Percent, string? Message);

/// <summary>A job as lists show it.</summary>
internal record JobItemView
{
    public required string Id { get; init; }

    /// <summary>For the admin key only; a tenant knows who it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tenant { get; init; }

    public required string Type { get; init; }

    public required string Pool { get; init; }

    public required JobState Status { get; init; }

    public required int Priority { get; init; }

    public required string? Error { get; init; }

    public required ProgressView Progress { get; init; }

    public required int Attempt { get; init; }

    public required int Failures { get; init; }

    public required int LeasesLost { get; init; }

    public required int MaxAttempts { get; init; }

    public required DateTimeOffset SubmittedAt { get; init; }

    public required DateTimeOffset? DueAt { get; init; }

    public required DateTimeOffset? StartedAt { get; init; }

    public required DateTimeOffset? FinishedAt { get; init; }

    public required bool CancelRequested { get; init; }

    public required long Sequence { get; init; }

    public static JobItemView Of(JobSnapshot job, string? tenant = null) => new()
    {
        Id = job.Id.Value,
        Tenant = tenant,
        Type = job.Type,
        Pool = job.Pool,
        Status = job.State,
        Priority = job.Priority,
        Error = job.Error,
        Progress = new ProgressView(job.ProgressPercent, job.ProgressMessage),
        Attempt = job.Attempt,
        Failures = job.Failures,
        LeasesLost = job.LeasesLost,
        MaxAttempts = job.MaxAttempts,
        SubmittedAt = job.SubmittedAt,
        DueAt = job.DueAt,
        StartedAt = job.StartedAt,
        FinishedAt = job.FinishedAt,
        CancelRequested = job.CancelRequested,
        Sequence = job.Sequence,
    };
}

/// <summary>A whole job.</summary>
internal sealed record JobView : JobItemView
{
    [Description("As it was handed in; null when it was handed in, past this API, as something other than JSON.")]
    [JsonPropertyOrder(1)]
    public required RawJson? Payload { get; init; }

    [Description("The payload in base64, where it is not JSON.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyOrder(1)]
    public string? PayloadBase64 { get; init; }

    [Description("What the handler returned; null when nothing, or something other than JSON.")]
    [JsonPropertyOrder(1)]
    public required RawJson? Result { get; init; }

    [Description("The result in base64, where it is not JSON.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyOrder(1)]
    public string? ResultBase64 { get; init; }

    [Description("Jobs ahead of it in its tenant's queue of its pool.")]
    [JsonPropertyOrder(1)]
    public required int? QueuePosition { get; init; }

    [Description("Why a pending job is not running.")]
    [JsonPropertyOrder(1)]
    public required WaitReason? Waiting { get; init; }

    public static JobView Of(JobSnapshot job)
    {
        var (payload, payloadBase64) = Show(job.Payload);
        var (result, resultBase64) = job.Result is { } bytes ? Show(bytes) : (null, null);
        return new JobView
        {
            Id = job.Id.Value,
            Type = job.Type,
            Pool = job.Pool,
            Status = job.State,
            Priority = job.Priority,
            Error = job.Error,
            Progress = new ProgressView(job.ProgressPercent, job.ProgressMessage),
            Attempt = job.Attempt,
            Failures = job.Failures,
            LeasesLost = job.LeasesLost,
            MaxAttempts = job.MaxAttempts,
            SubmittedAt = job.SubmittedAt,
            DueAt = job.DueAt,
            StartedAt = job.StartedAt,
            FinishedAt = job.FinishedAt,
            CancelRequested = job.CancelRequested,
            Sequence = job.Sequence,
            Payload = payload,
            PayloadBase64 = payloadBase64,
            Result = result,
            ResultBase64 = resultBase64,
            QueuePosition = job.QueuePosition,
            Waiting = job.Waiting,
        };
    }

    private static (RawJson? Json, string? Base64) Show(ReadOnlyMemory<byte> bytes) =>
        bytes.IsEmpty ? (null, null)
        : RawJson.TryCreate(bytes, out var json) ? (json, null)
        : (null, Convert.ToBase64String(bytes.Span));
}

/// <summary>A page of a tenant's jobs, newest first.</summary>
internal sealed record JobListView(IReadOnlyList<JobItemView> Jobs, string? NextCursor);

/// <summary>A page of jobs of one tenant or of all.</summary>
internal sealed record AdminJobListView(IReadOnlyList<JobItemView> Jobs, string? NextCursor);

/// <summary>What a cancellation did.</summary>
internal sealed record CancelView(
    string Id,
    [property: Description("cancelled, requested (it runs and was asked to stop) or already_final.")] string Outcome,
    JobState? Status);

/// <summary>A job that is pending again.</summary>
internal sealed record RetryView(string Id, JobState Status);

/// <summary>The data of an event.</summary>
internal sealed record JobEventView(string Id, JobState Status, ProgressView Progress, int Attempt, long Sequence)
{
    public static JobEventView Of(JobSnapshot job) =>
        new(job.Id.Value, job.State, new ProgressView(job.ProgressPercent, job.ProgressMessage), job.Attempt, job.Sequence);

    public static JobEventView Of(JobEvent happened) =>
        new(happened.Id.Value, happened.State, new ProgressView(happened.ProgressPercent, happened.ProgressMessage), happened.Attempt, happened.Sequence);
}
