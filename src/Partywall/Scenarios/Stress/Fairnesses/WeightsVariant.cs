using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Fairnesses;

/// <summary>Two tenants of weight 1 with equal work, one of weight 3 with more: shares of 1 : 1 : 3, and the equals end together.</summary>
internal sealed class WeightsVariant(ScenarioSize size) : FairVariant
{
    private const string First = "weight-1a";
    private const string Second = "weight-1b";
    private const string Third = "weight-3";
    private const int BodyMs = 50;
    private const int Slots = 10;

    private readonly int _times = size.Profile == RunProfile.Quick ? 1 : 10;

    public override string Name => "weights";

    public override int SlotsPerWorker => Slots / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; } =
    [
        new(First, Slots, MaxQueued), new(Second, Slots, MaxQueued), new(Third, Slots, MaxQueued, Weight: 3),
    ];

    public override IReadOnlyList<string> Checks { get; } = ["fairness.share", "fairness.finish"];

    public override string Why =>
        $"N = {Slots} slots, and each tenant's limit is {Slots} too: the limits never bind, so it is the scheduler that decides who gets a slot, and none of the shares (2, 2 and 6 slots) is cut short; "
        + $"bodies of {BodyMs} ms are many times what a hand-over between two takes, so the share of bodies is the share of slot time; "
        + "the heaviest has more work than its weight by that of the others, so all three have work at the same time for many rounds, and the two equals end when it has.";

    public override int Submissions => Work.Sum(static w => w.Jobs);

    private IReadOnlyList<(string Tenant, int Jobs, int BodyMs)> Work =>
        [(First, 130 * _times, BodyMs), (Second, 130 * _times, BodyMs), (Third, 340 * _times, BodyMs)];

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        State(run);
        await SubmitAsync(run, Work, cancellationToken);
        await EndedAsync(run, cancellationToken);
    }
}
