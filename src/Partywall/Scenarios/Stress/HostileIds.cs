using Partywall.Scenarios.Stress.HostileIdentifiers;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress;

/// <summary>
/// Tenants with ids that were chosen to be taken for another's, or for a part of a key, a pattern or a path. Each is
/// clearly refused and leaves nothing, or is as isolated from its look-alikes as any tenant is from any other.
/// </summary>
public sealed class HostileIds : Scenario
{
    /// <inheritdoc />
    public override string Name => "stress/hostile-ids";

    /// <inheritdoc />
    public override string Claim =>
        "Whatever a tenant is called, it is clearly refused and leaves no key, or sees, holds and is counted exactly its own, however alike others' names are.";

    /// <inheritdoc />
    public override IReadOnlyList<Capability> Needs { get; } = [Capability.Of<IKeyInspection>(), Capability.Of<IHeldSlots>()];

    /// <inheritdoc />
    public override IReadOnlyList<string> Checks { get; } =
    [
        "isolation.ids",
        "isolation.access",
        "isolation.canary",
        "isolation.keys",
        "slots.bound",
        "slots.conserved",
        "slots.admission",
        "slots.truthful",
        "jobs.conserved",
        "jobs.once",
        "liveness.dispatch",
        "errors.clear",
        "harness.complete",
        "harness.saw-enough",
        "harness.not-stalled",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<ScenarioVariant> Variants(ScenarioSize size) => [new LookAlikesVariant()];
}
