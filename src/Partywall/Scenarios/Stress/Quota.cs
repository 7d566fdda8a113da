using Partywall.Scenarios.Stress.Quotas;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress;

/// <summary>
/// The limit under every attempt to get around it: races for the last slot, cancel and resubmit, limits changed under
/// way, replays, repeated settles. There is never a body too many, and never a slot too few.
/// </summary>
public sealed class Quota : Scenario
{
    /// <inheritdoc />
    public override string Name => "stress/quota";

    /// <inheritdoc />
    public override string Claim =>
        "A tenant's limit admits exactly what it says: no race, cancellation, replay, repeated settle or change of limits gives it a job too many, and each slot freed can be used again at once.";

    /// <inheritdoc />
    public override IReadOnlyList<Capability> Needs { get; } = [Capability.Of<ILimitChanges>(), Capability.Of<IHeldSlots>()];

    /// <inheritdoc />
    public override IReadOnlyList<string> Checks { get; } =
    [
        "slots.bound",
        "slots.conserved",
        "slots.admission",
        "jobs.conserved",
        "jobs.once",
        "jobs.idempotent",
        "jobs.refused-never-ran",
        "isolation.canary",
        "liveness.dispatch",
        "errors.clear",
        "harness.complete",
        "harness.saw-enough",
        "harness.not-stalled",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<ScenarioVariant> Variants(ScenarioSize size) => [new QuotaVariant(size)];
}
