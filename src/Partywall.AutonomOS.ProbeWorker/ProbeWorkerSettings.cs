namespace Partywall.AutonomOS.ProbeWorker;

/// <summary>A bug that the worker has on purpose, so that a test sees the harness catch it.</summary>
internal enum Plant
{
    /// <summary>None: an honest worker.</summary>
    None,

    /// <summary>Every attempt's body runs twice at the same time, under one slot.</summary>
    RunTwice,
}

/// <summary>What one worker process is told.</summary>
/// <param name="Store">The store's endpoint, <c>HOST:PORT</c> or <c>unix:/path</c>.</param>
/// <param name="Witness">The witness's socket.</param>
/// <param name="Name">This process's name in the run.</param>
/// <param name="Pool">The pool.</param>
/// <param name="Slots">Bodies run at once.</param>
/// <param name="Reserve">Of these, kept for tenants that run nothing.</param>
/// <param name="LeaseMs">Length of a lease, in milliseconds.</param>
/// <param name="Seed">The seed of its jitter.</param>
/// <param name="Plant">A bug to have.</param>
internal sealed record ProbeWorkerSettings(
    string Store, string Witness, string Name, string Pool, int Slots, int Reserve, int LeaseMs, int Seed, Plant Plant)
{
    /// <summary>The environment variable that carries the store's password.</summary>
    public const string PasswordVariable = "AUTONOMOS_STORE_PASSWORD";

    /// <summary>How long a stopping worker lets bodies run on, in milliseconds.</summary>
    public const int DrainGraceMs = 2_000;
}
