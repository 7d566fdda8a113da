namespace Partywall.History;

/// <summary>A job's body runs: said by the body itself, acknowledged before it went on.</summary>
/// <param name="AtNs">When the body was entered, by its own process.</param>
/// <param name="Body">The body's number in the run, from 1: one attempt of one job.</param>
/// <param name="Process">The process it runs in.</param>
/// <param name="Tenant">The tenant it was told it runs for.</param>
/// <param name="Job">The job's id.</param>
/// <param name="Label">The label from its payload: which submission it stems from.</param>
/// <param name="Attempt">The attempt's number, as the worker was told, from 1.</param>
/// <param name="Fence">The attempt's fence, as a text; equal only for the same fence. Empty when the system has none.</param>
public sealed record BodyStarted(
    long AtNs, long Body, string Process, string Tenant, string Job, string Label, int Attempt, string Fence)
    : HistoryEvent(AtNs);

/// <summary>A body reported progress to the system.</summary>
/// <param name="AtNs">When, just before it was reported.</param>
/// <param name="Body">The body.</param>
/// <param name="Percent">0 to 100.</param>
public sealed record BodyProgressed(long AtNs, long Body, int Percent) : HistoryEvent(AtNs);

/// <summary>How a body ended.</summary>
public enum BodyOutcome
{
    /// <summary>It returned a result.</summary>
    Completed,

    /// <summary>It failed, as its instructions said.</summary>
    Failed,

    /// <summary>It was told to stop, and did.</summary>
    Cancelled,
}

/// <summary>A body stops: sent before it returns to the worker, so a slot freed afterwards is freed rightly.</summary>
/// <param name="AtNs">When, by its own process.</param>
/// <param name="Body">The body.</param>
/// <param name="Outcome">How it ended.</param>
public sealed record BodyStopped(long AtNs, long Body, BodyOutcome Outcome) : HistoryEvent(AtNs);

/// <summary>A process that runs bodies has connected to the witness.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Process">Its name; a restarted process has a new name or has left before.</param>
/// <param name="ProcessId">Its process id.</param>
public sealed record WitnessJoined(long AtNs, string Process, int ProcessId) : HistoryEvent(AtNs);

/// <summary>A process's connection has ended. Its bodies without a stop ran until some moment before this one.</summary>
/// <param name="AtNs">When the harness noticed.</param>
/// <param name="Process">Its name.</param>
/// <param name="Orderly">Whether it said goodbye first.</param>
public sealed record WitnessLeft(long AtNs, string Process, bool Orderly) : HistoryEvent(AtNs);

/// <summary>A process (or the harness itself, as <c>harness</c>) gave no sign of life for longer than a beat's tolerance.</summary>
/// <param name="AtNs">The beat that ended the silence.</param>
/// <param name="FromNs">The beat before it.</param>
/// <param name="Process">Which process.</param>
public sealed record WitnessStalled(long AtNs, long FromNs, string Process) : HistoryEvent(AtNs);
