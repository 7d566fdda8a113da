using AutonomOS.Jobs;

namespace AutonomOS.Records;

/// <summary>A finished job as the records keep it.</summary>
internal sealed class ArchivedJobRow
{
    public required string TenantId { get; set; }

    public required long Epoch { get; set; }

    public required string Id { get; set; }

    public required long ListSequence { get; set; }

    /// <summary>Rises with each event of the job: of two rows for one job, the one with the larger number is the later.</summary>
    public required long EventSequence { get; set; }

    public required JobState State { get; set; }

    public required string Type { get; set; }

    public required string Pool { get; set; }

    public required int Priority { get; set; }

    public byte[]? Payload { get; set; }

    public byte[]? Result { get; set; }

    public string? Error { get; set; }

    public required int ProgressPercent { get; set; }

    public string? ProgressMessage { get; set; }

    public required int Attempts { get; set; }

    public required int MaxAttempts { get; set; }

    public required int Failures { get; set; }

    public required int LeasesLost { get; set; }

    public required bool CancelRequested { get; set; }

    public string? IdempotencyKey { get; set; }

    public required DateTimeOffset SubmittedAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    public required DateTimeOffset FinishedAt { get; set; }

    public static ArchivedJobRow Of(ArchivedJob archived)
    {
        var job = archived.Job;
        return new ArchivedJobRow
        {
            TenantId = archived.Tenant.Value,
            Epoch = job.Epoch,
            Id = job.Id.Value,
            ListSequence = archived.ListSequence,
            EventSequence = job.Sequence,
            State = job.State,
            Type = job.Type,
            Pool = job.Pool,
            Priority = job.Priority,
            Payload = job.Payload.IsEmpty ? null : job.Payload.ToArray(),
            Result = job.Result?.ToArray(),
            Error = job.Error,
            ProgressPercent = job.ProgressPercent,
            ProgressMessage = job.ProgressMessage,
            Attempts = job.Attempt,
            MaxAttempts = job.MaxAttempts,
            Failures = job.Failures,
            LeasesLost = job.LeasesLost,
            CancelRequested = job.CancelRequested,
            IdempotencyKey = archived.IdempotencyKey,
            SubmittedAt = job.SubmittedAt,
            StartedAt = job.StartedAt,
            FinishedAt = job.FinishedAt!.Value,
        };
    }

    public ArchivedJob ToArchivedJob() => new()
    {
        Tenant = Tenants.TenantId.Parse(TenantId),
        ListSequence = ListSequence,
        IdempotencyKey = IdempotencyKey,
        Job = new JobSnapshot
        {
            Id = JobId.Parse(Id),
            Type = Type,
            Pool = Pool,
            State = State,
            Epoch = Epoch,
            Priority = Priority,
            Payload = Payload,
            Result = Result is { } result ? result : default(ReadOnlyMemory<byte>?),
            Error = Error,
            ProgressPercent = ProgressPercent,
            ProgressMessage = ProgressMessage,
            Sequence = EventSequence,
            Attempt = Attempts,
            Failures = Failures,
            LeasesLost = LeasesLost,
            MaxAttempts = MaxAttempts,
            SubmittedAt = SubmittedAt,
            StartedAt = StartedAt,
            FinishedAt = FinishedAt,
            CancelRequested = CancelRequested,
        },
    };
}
