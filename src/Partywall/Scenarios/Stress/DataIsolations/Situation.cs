using Partywall.Targets;

namespace Partywall.Scenarios.Stress.DataIsolations;

/// <summary>A situation that a job can be in, finer than its state: each is kept in other structures of a system.</summary>
/// <param name="Name">Its name in the history.</param>
/// <param name="State">The state it shows as.</param>
internal sealed record Situation(string Name, JobState State)
{
    /// <summary>Queued behind others.</summary>
    public static Situation Pending { get; } = new("pending", JobState.Pending);

    /// <summary>Not due yet.</summary>
    public static Situation Delayed { get; } = new("delayed", JobState.Pending);

    /// <summary>An attempt is under way, and reports progress.</summary>
    public static Situation Running { get; } = new("running", JobState.Running);

    /// <summary>Failed, and to be tried again.</summary>
    public static Situation Retrying { get; } = new("retrying", JobState.Pending);

    /// <summary>Ended well, with a result.</summary>
    public static Situation Completed { get; } = new("completed", JobState.Completed);

    /// <summary>Ended badly, with an error text.</summary>
    public static Situation Failed { get; } = new("failed", JobState.Failed);

    /// <summary>Cancelled while it ran.</summary>
    public static Situation Cancelled { get; } = new("cancelled", JobState.Cancelled);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Situation> All { get; } = [Pending, Delayed, Running, Retrying, Completed, Failed, Cancelled];
}
