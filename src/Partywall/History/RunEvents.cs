using System.Text.Json.Serialization;

namespace Partywall.History;

/// <summary>The first line of every history: what run this is.</summary>
/// <param name="AtNs">0.</param>
/// <param name="Format">Always <see cref="HistoryFormat.Name"/>.</param>
/// <param name="Version">The format's version, see <see cref="HistoryFormat.Version"/>.</param>
/// <param name="StartedUtc">The wall clock at the start, for people only.</param>
/// <param name="Scenario">The scenario's name, such as <c>stress/quota</c>.</param>
/// <param name="Variant">Which of the scenario's runs this is, such as <c>strict</c>; empty when it has one only.</param>
/// <param name="Target">The target's name.</param>
/// <param name="Profile">The profile's name.</param>
/// <param name="Seed">The seed of the run.</param>
/// <param name="Workers">Number of workers.</param>
/// <param name="SlotsPerWorker">Slots of each worker; the pool size N is the product of the two.</param>
/// <param name="Checks">The checks that judge this history, by name.</param>
/// <param name="PlantedBug">The bug planted in the target on purpose, by name; null in an honest run.</param>
/// <param name="Demands">
/// What the run must have shown to be fit to judge by, for <c>harness.saw-enough</c>; see <see cref="RunDemands"/>.
/// </param>
/// <param name="ReservedSlotsPerWorker">Slots of each worker that are kept for tenants that run nothing. Default 0.</param>
public sealed record RunHeader(
    long AtNs,
    string Format,
    int Version,
    DateTimeOffset StartedUtc,
    string Scenario,
    string Variant,
    string Target,
    string Profile,
    int Seed,
    int Workers,
    int SlotsPerWorker,
    IReadOnlyList<string> Checks,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? PlantedBug,
    RunDemands Demands,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int ReservedSlotsPerWorker = 0)
    : HistoryEvent(AtNs)
{
    /// <summary>The pool size N: bodies that can run at once.</summary>
    [JsonIgnore]
    public int PoolSize => Workers * SlotsPerWorker;

    /// <summary>Slots that are kept for tenants that run nothing, over all workers. All others are anybody's.</summary>
    [JsonIgnore]
    public int ReservedSlots => Workers * ReservedSlotsPerWorker;
}

/// <summary>What a run must have shown before anything is concluded from it; a run that did not is inconclusive.</summary>
/// <param name="AtLimit">Each of these tenants was seen with as many bodies running at once as its limit.</param>
/// <param name="TenantsOverlapping">At some moment at least this many tenants had bodies running at once. 0: not demanded.</param>
/// <param name="RefusedAtLeast">At least this many submissions were refused with <c>quota_exceeded</c>. 0: not demanded.</param>
/// <param name="CompletedAtLeast">At least this many jobs were seen completed by the API and by a body's stop.</param>
/// <param name="ProbesAtLeast">At least this many cross-tenant probes were made whose owner's control succeeded.</param>
/// <param name="KeysAtLeast">At least this many keys were seen by the inspections together. 0: not demanded.</param>
/// <param name="LatenessP99MsMax">
/// The 99th percentile of the load's lateness (sent − intended), in milliseconds, above which the schedule was not kept.
/// </param>
/// <param name="SettleMsMax">From the end of the load to rest, in milliseconds: work that takes longer counts as stuck.</param>
/// <param name="StallMsMax">A process's longest silence, in milliseconds, above which its timing is not judged.</param>
public sealed record RunDemands(
    IReadOnlyList<string> AtLimit,
    int TenantsOverlapping,
    int RefusedAtLeast,
    int CompletedAtLeast,
    int ProbesAtLeast,
    int KeysAtLeast,
    int LatenessP99MsMax,
    int SettleMsMax,
    int StallMsMax);

/// <summary>How a run ended.</summary>
public enum RunOutcome
{
    /// <summary>It went through to its end.</summary>
    Finished,

    /// <summary>It was stopped from outside, such as by Ctrl+C.</summary>
    Interrupted,

    /// <summary>The harness or the target broke.</summary>
    Broken,
}

/// <summary>The last line of a history. Without it the run was cut off.</summary>
/// <param name="AtNs">When it ended.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">Why it did not finish; null when it did.</param>
/// <param name="Events">Lines written before this one.</param>
public sealed record RunEnded(long AtNs, RunOutcome Outcome, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Reason, long Events) : HistoryEvent(AtNs);

/// <summary>The phases of a run, in their order.</summary>
public enum RunPhase
{
    /// <summary>Tenants are brought in; the path is tried once.</summary>
    WarmUp,

    /// <summary>The load runs.</summary>
    Load,

    /// <summary>No new work; waiting until all accepted work has ended.</summary>
    Settling,

    /// <summary>Nothing should run or be held any more. Everything observed from here on is at rest.</summary>
    AtRest,
}

/// <summary>A phase began; it lasts until the next.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Phase">Which.</param>
public sealed record PhaseBegan(long AtNs, RunPhase Phase) : HistoryEvent(AtNs);

/// <summary>A remark for people; no check reads it.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Text">The remark.</param>
public sealed record Noted(long AtNs, string Text) : HistoryEvent(AtNs);

/// <summary>A process of the target.</summary>
/// <param name="AtNs">When it was recorded.</param>
/// <param name="Process">Its name.</param>
/// <param name="ProcessId">Its id.</param>
public sealed record ProcessStarted(long AtNs, string Process, int ProcessId) : HistoryEvent(AtNs);

/// <summary>What is known of a fault.</summary>
public enum FaultMark
{
    /// <summary>It is about to be applied.</summary>
    Begins,

    /// <summary>It was proved to have taken effect.</summary>
    Bit,

    /// <summary>It has been taken back.</summary>
    Healed,
}

/// <summary>A moment in a fault's life; the moments of one fault share its id.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Fault">The fault's id in this run.</param>
/// <param name="Kind">What it is, such as <c>process.pause</c>.</param>
/// <param name="Process">The process it strikes; null where it strikes none.</param>
/// <param name="Mark">Which moment.</param>
public sealed record FaultMarked(long AtNs, string Fault, string Kind, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Process, FaultMark Mark) : HistoryEvent(AtNs);
