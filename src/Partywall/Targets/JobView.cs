namespace Partywall.Targets;

/// <summary>A job's state. A refused submission is no job and has none.</summary>
public enum JobState
{
    /// <summary>Queued, delayed or waiting to be retried.</summary>
    Pending,

    /// <summary>An attempt is under way.</summary>
    Running,

    /// <summary>Ended well. Final.</summary>
    Completed,

    /// <summary>Ended badly. Final.</summary>
    Failed,

    /// <summary>Cancelled before or during its run. Final.</summary>
    Cancelled,
}

/// <summary>An accepted submission.</summary>
/// <param name="JobId">The job's id, chosen by the system.</param>
/// <param name="Replayed">Whether the answer says that an earlier submission under the same idempotency key is meant.</param>
public sealed record Submission(string JobId, bool Replayed = false);

/// <summary>A job as the system shows it to its owner.</summary>
/// <param name="Id">The job's id.</param>
/// <param name="State">Its state.</param>
/// <param name="Attempts">Attempts begun so far.</param>
/// <param name="Progress">Percent done, 0 to 100, when the system says it.</param>
/// <param name="Result">The result of a completed job, when the system says it.</param>
/// <param name="Error">The error of a failed job, when the system says it.</param>
public sealed record JobView(string Id, JobState State, int Attempts, int? Progress = null, string? Result = null, string? Error = null)
{
    /// <summary>Whether the state is final.</summary>
    public bool IsFinal => State is JobState.Completed or JobState.Failed or JobState.Cancelled;
}

/// <summary>A page of a tenant's jobs.</summary>
/// <param name="Jobs">The jobs, in the system's order.</param>
/// <param name="NextCursor">Where the next page begins; null on the last.</param>
public sealed record JobPage(IReadOnlyList<JobView> Jobs, string? NextCursor);

/// <summary>A tenant's usage as the system says it.</summary>
/// <param name="Running">Jobs running.</param>
/// <param name="Pending">Jobs pending.</param>
/// <param name="MaxConcurrent">The limit in force.</param>
/// <param name="MaxQueued">The backlog in force.</param>
public sealed record UsageView(int Running, int Pending, int MaxConcurrent, int MaxQueued);
