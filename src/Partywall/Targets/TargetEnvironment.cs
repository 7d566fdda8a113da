namespace Partywall.Targets;

/// <summary>Where and how a target runs: handed to <see cref="ITarget.StartAsync"/> by the runner.</summary>
public sealed record TargetEnvironment
{
    /// <summary>The Unix domain socket at which the witness listens; every worker process connects to it.</summary>
    public required string WitnessSocketPath { get; init; }

    /// <summary>An existing directory for one log file per process, kept with the report.</summary>
    public required string LogDirectory { get; init; }

    /// <summary>
    /// An existing private directory for sockets and data, removed after the run. Its path is short enough for
    /// sockets in it (a Unix socket path holds 107 bytes).
    /// </summary>
    public required string ScratchDirectory { get; init; }

    /// <summary>The seed of the run. All randomness of a target comes from it.</summary>
    public required int Seed { get; init; }

    /// <summary>Number of workers (processes, where the target has processes). At least 1.</summary>
    public required int Workers { get; init; }

    /// <summary>Slots of each worker: bodies it runs at once. At least 1.</summary>
    public required int SlotsPerWorker { get; init; }

    /// <summary>
    /// Slots of each worker kept for tenants that run nothing, see <see cref="IReservedSlots"/>; asked only of a target that
    /// offers that. 0 to <see cref="SlotsPerWorker"/> − 1; default 0.
    /// </summary>
    public int ReservedSlotsPerWorker { get; init; }

    /// <summary>The source of time. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>The pool size N: bodies that can run at once, over all workers.</summary>
    public int PoolSize => Workers * SlotsPerWorker;
}
