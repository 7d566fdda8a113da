using Partywall.Scenarios.Stress.DataIsolations;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress;

/// <summary>
/// Every endpoint the system says it has, called by every tenant for every other tenant's job in every situation a job can
/// be in. Nothing is read, nothing is changed, and nothing shows that there is anything.
/// </summary>
public sealed class DataIsolation : Scenario
{
    /// <inheritdoc />
    public override string Name => "stress/data-isolation";

    /// <inheritdoc />
    public override string Claim =>
        "By no endpoint can a tenant read, change or even find another tenant's job, in whatever situation that is; payload, result, progress and error text reach their owner alone.";

    /// <inheritdoc />
    public override IReadOnlyList<Capability> Needs { get; } = [Capability.Of<IApiSurface>(), Capability.Of<IKeyInspection>(), Capability.Of<IHeldSlots>()];

    /// <inheritdoc />
    public override IReadOnlyList<string> Checks { get; } =
    [
        "isolation.surface",
        "isolation.access",
        "isolation.canary",
        "isolation.keys",
        "slots.bound",
        "slots.conserved",
        "progress.monotone",
        "errors.clear",
        "harness.complete",
        "harness.saw-enough",
        "harness.not-stalled",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<ScenarioVariant> Variants(ScenarioSize size) => [new EveryEndpointVariant(size)];
}
