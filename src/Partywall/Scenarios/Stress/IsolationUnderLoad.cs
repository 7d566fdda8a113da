using Partywall.Targets;

namespace Partywall.Scenarios.Stress;

/// <summary>
/// Many tenants submit more than they may, all at once: each stays within its limit, its overflow is refused, nobody
/// sees or touches another's jobs, nobody is starved. Once with strict limits, once with a backlog.
/// </summary>
public sealed class IsolationUnderLoad : Scenario
{
    /// <inheritdoc />
    public override string Name => "stress/isolation-under-load";

    /// <inheritdoc />
    public override string Claim =>
        "Tenants that flood the system together each stay within their own limit, have their overflow refused, see and change nothing of each other's, and are all served.";

    /// <inheritdoc />
    public override IReadOnlyList<Capability> Needs { get; } = [Capability.Of<IKeyInspection>(), Capability.Of<IHeldSlots>()];

    /// <inheritdoc />
    public override IReadOnlyList<string> Checks { get; } =
    [
        "slots.bound",
        "slots.conserved",
        "slots.admission",
        "jobs.conserved",
        "jobs.once",
        "jobs.refused-never-ran",
        "isolation.access",
        "isolation.canary",
        "isolation.keys",
        "liveness.dispatch",
        "errors.clear",
        "harness.kept-schedule",
        "harness.complete",
        "harness.saw-enough",
        "harness.not-stalled",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<ScenarioVariant> Variants(ScenarioSize size) =>
    [
        new FloodVariant("strict", size, maxQueued: 0, waves: 2),
        new FloodVariant("backlog", size, maxQueued: size.Profile == RunProfile.Quick ? 10 : 100, waves: 1),
    ];
}
