namespace AutonomOS.Jobs;

/// <summary>One page of a tenant's jobs, newest first.</summary>
/// <param name="Jobs">Without payload and result. May hold fewer than were asked for, even none, while more follow: a page examines a bounded number of jobs.</param>
/// <param name="NextCursor">Hand it back for the next page; null at the end.</param>
public sealed record JobPage(IReadOnlyList<JobSnapshot> Jobs, string? NextCursor);
