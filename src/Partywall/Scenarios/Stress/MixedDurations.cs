using Partywall.Scenarios.Stress.Durations;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress;

/// <summary>
/// One tenant's jobs are long, the other's short. Where the pool has room for both, the long ones cost the short ones
/// nothing; where it does not, no more than the wait for the next free slot; where slots are kept in reserve, not even that.
/// </summary>
public sealed class MixedDurations : Scenario
{
    /// <inheritdoc />
    public override string Name => "stress/mixed-durations";

    /// <inheritdoc />
    public override string Claim =>
        "A tenant with short jobs does not wait for another's long ones: in a pool with room for both at all, in a full pool no longer than until the next slot is free, and with a reserve its first job not even that.";

    /// <inheritdoc />
    public override IReadOnlyList<Capability> Needs { get; } = [Capability.Of<IFairDispatch>(), Capability.Of<IHeldSlots>()];

    /// <inheritdoc />
    public override IReadOnlyList<string> Checks { get; } =
    [
        "slots.bound",
        "slots.conserved",
        "jobs.conserved",
        "jobs.once",
        "liveness.dispatch",
        "errors.clear",
        "harness.complete",
        "harness.saw-enough",
        "harness.not-stalled",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<ScenarioVariant> Variants(ScenarioSize size) => [new RoomyVariant(size), new CrowdedVariant(size), new ReservedVariant(size)];
}
