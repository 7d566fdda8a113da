using Partywall.Scenarios.Stress.Fairnesses;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress;

/// <summary>
/// Tenants that want more than there is: by weight, in jobs of different lengths, and after one of them was held back for a
/// while. Each gets its share of slot time, now and not on average over a day.
/// </summary>
public sealed class Fairness : Scenario
{
    /// <inheritdoc />
    public override string Name => "stress/fairness";

    /// <inheritdoc />
    public override string Claim =>
        "Tenants that compete share slot time by their weights, whatever the length of their jobs; equal work ends together, and time in which a tenant could not compete earns it nothing.";

    /// <inheritdoc />
    public override IReadOnlyList<Capability> Needs { get; } = [Capability.Of<IFairDispatch>(), Capability.Of<ILimitChanges>(), Capability.Of<IHeldSlots>()];

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
    public override IReadOnlyList<ScenarioVariant> Variants(ScenarioSize size) =>
        [new WeightsVariant(size), new WorkVariant(size), new FreedVariant(size)];
}
