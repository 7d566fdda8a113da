using Partywall.Scenarios.Stress.Bursts;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress;

/// <summary>
/// Everybody submits everything in one instant: each submission is queued or properly refused, and soon; everything
/// queued runs, in order; nothing is left behind. At the standard profile also a hundred thousand at once, in batches.
/// </summary>
public sealed class Burst : Scenario
{
    /// <inheritdoc />
    public override string Name => "stress/burst";

    /// <inheritdoc />
    public override string Claim =>
        "A burst is answered within two seconds, each submission queued or properly refused; what was queued runs once and in order, and no slot, count or entry is left behind.";

    /// <inheritdoc />
    public override IReadOnlyList<Capability> Needs { get; } = [Capability.Of<IHeldSlots>(), Capability.Of<IReconciliation>()];

    /// <inheritdoc />
    public override IReadOnlyList<string> Checks { get; } =
    [
        "slots.bound",
        "slots.conserved",
        "slots.admission",
        "jobs.conserved",
        "jobs.once",
        "jobs.order",
        "isolation.canary",
        "liveness.dispatch",
        "reconciliation.clean",
        "errors.clear",
        "harness.complete",
        "harness.saw-enough",
        "harness.not-stalled",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<ScenarioVariant> Variants(ScenarioSize size) =>
        size.Profile == RunProfile.Quick ? [new InstantVariant(size)] : [new InstantVariant(size), new BatchVariant(size)];
}
