using Partywall.History;
using Partywall.Targets;

namespace Partywall.Scenarios;

/// <summary>
/// One run of a scenario: the system's size, the tenants with their limits, what must have been seen, and the load.
/// Immutable; <see cref="DriveAsync"/> keeps its state in the run.
/// </summary>
public abstract class ScenarioVariant
{
    /// <summary>Its name within the scenario, such as <c>strict</c>; empty when the scenario has one run only.</summary>
    public abstract string Name { get; }

    /// <summary>Number of workers.</summary>
    public abstract int Workers { get; }

    /// <summary>Slots of each worker. The pool size N is workers × slots.</summary>
    public abstract int SlotsPerWorker { get; }

    /// <summary>Slots of each worker that are kept for tenants that run nothing. Default: none.</summary>
    public virtual int ReservedSlotsPerWorker => 0;

    /// <summary>Capabilities that this variant cannot do without, beside the scenario's own.</summary>
    public IReadOnlyList<Capability> Needs => ReservedSlotsPerWorker > 0 ? [Capability.Of<IReservedSlots>()] : [];

    /// <summary>The tenants, in the order in which they are onboarded.</summary>
    public abstract IReadOnlyList<TenantSpec> Tenants { get; }

    /// <summary>
    /// Tenants that the target may refuse to take. What it says to each stands in the history; those it takes follow
    /// <see cref="Tenants"/> in the run's list. Default: none.
    /// </summary>
    public virtual IReadOnlyList<TenantSpec> Candidates => [];

    /// <summary>
    /// Tenants that do nothing after the warm-up: their stored keys must be the same before and after the others' load.
    /// Default: none.
    /// </summary>
    public virtual IReadOnlyList<string> Bystanders => [];

    /// <summary>
    /// Tenants whose races come from processes of their own, where the target can start such
    /// (<see cref="ISubmitterProcesses"/>). Default: none.
    /// </summary>
    public virtual IReadOnlyList<string> RacingTenants => [];

    /// <summary>How many processes their races come from. Default 0.</summary>
    public virtual int SubmitterProcesses => 0;

    /// <summary>Checks that judge this variant beside the scenario's own, by name. Default: none.</summary>
    public virtual IReadOnlyList<string> Checks => [];

    /// <summary>Why pool size, limits and body lengths let the claim be seen, in words for the report.</summary>
    public abstract string Why { get; }

    /// <summary>What the run must have shown to be fit to judge by.</summary>
    public abstract RunDemands Demands { get; }

    /// <summary>Jobs the load means to submit, for the live display.</summary>
    public abstract int Submissions { get; }

    /// <summary>The longest the load may take, in milliseconds; a load that takes longer ends the run as broken.</summary>
    public abstract int LoadMsMax { get; }

    /// <summary>
    /// Drives the load from its first submission to its last answer; waiting for rest is the runner's. Every wait in it
    /// is bounded.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public abstract Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken);
}
