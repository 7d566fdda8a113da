using AutonomOS.Workers;

namespace Partywall.AutonomOS;

/// <summary>What AutonomOS is started with, beyond what every target is told. Immutable.</summary>
public sealed record AutonomOSTargetOptions
{
    /// <summary>The word for the store that <c>autonomos serve</c> brings along.</summary>
    public const string EmbeddedStore = "embedded";

    /// <summary>
    /// <see cref="EmbeddedStore"/> (the default), or <c>HOST:PORT</c> or <c>unix:/path</c> of a Redis-protocol server. That
    /// one must hold no key under <c>job:</c>; what the run adds is removed when it ends.
    /// </summary>
    public string Store { get; init; } = EmbeddedStore;

    /// <summary>The password of a store that is not embedded; null for none. Handed to processes by environment only.</summary>
    public string? StorePassword { get; init; }

    /// <summary>Where the API listens: <c>127.0.0.1:PORT</c>, port 0 for any free one. Default <c>127.0.0.1:0</c>.</summary>
    public string Listen { get; init; } = "127.0.0.1:0";

    /// <summary>The host program, a <c>.dll</c> or an executable; null for the one built beside this assembly.</summary>
    public string? HostProgram { get; init; }

    /// <summary>The probe worker program, a <c>.dll</c> or an executable; null for the one built beside this assembly.</summary>
    public string? WorkerProgram { get; init; }

    /// <summary>The submitter program, a <c>.dll</c> or an executable; null for the one built beside this assembly.</summary>
    public string? SubmitterProgram { get; init; }

    /// <summary>Length of a lease, in milliseconds. 200 to 600,000; default 8,000, as any worker's.</summary>
    public int LeaseMs { get; init; } = ClaimRequest.DefaultLeaseMs;

    /// <summary>
    /// The endpoint through which a process reaches the store, asked for each worker with its name and the store's own
    /// endpoint, so that a proxy can stand in between. Default: the store's own.
    /// </summary>
    public Func<string, string, string> StoreEndpointOf { get; init; } = static (_, endpoint) => endpoint;

    /// <summary>The longest start of one process, in milliseconds. Default 45,000.</summary>
    public int StartMsMax { get; init; } = 45_000;

    /// <summary>How long a process may take to end after SIGTERM before it is killed, in milliseconds. Default 6,000.</summary>
    public int StopMsMax { get; init; } = 6_000;

    /// <summary>The longest call of the API, in milliseconds; its outcome is then unknown. Default 10,000.</summary>
    public int CallMsMax { get; init; } = 10_000;

    /// <summary>The longest wait for a store that is not embedded to answer at the start, in milliseconds. Default 3,000.</summary>
    public int StoreAnswerMsMax { get; init; } = 3_000;

    /// <summary>A bug for the probe workers to have, by name; null for none. For tests of the harness only.</summary>
    internal string? WorkerPlant { get; init; }
}
