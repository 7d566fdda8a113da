namespace AutonomOS.Jobs;

/// <summary>Something that happened to a job, as published while it happened. Delivery is at most once: a reader that must not miss anything merges with a snapshot by <see cref="Sequence"/>.</summary>
/// <param name="Id">The job.</param>
/// <param name="Sequence">Rises with each event of the job.</param>
/// <param name="State">The state after the event.</param>
/// <param name="ProgressPercent">0 to 100.</param>
/// <param name="ProgressMessage">The progress message, or null.</param>
/// <param name="Attempt">The attempt it belongs to.</param>
public sealed record JobEvent(JobId Id, long Sequence, JobState State, int ProgressPercent, string? ProgressMessage, int Attempt);
