using Partywall.History;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Quotas;

/// <summary>All acts of <see cref="Quota"/> at the same time, each with tenants of its own.</summary>
internal sealed class QuotaVariant : ScenarioVariant
{
    private readonly IReadOnlyList<QuotaAct> _acts;
    private readonly bool _quick;

    public QuotaVariant(ScenarioSize size)
    {
        _quick = size.Profile == RunProfile.Quick;
        _acts = _quick
            ? [new LastSlotRace(8, 132), new FreedOnCompletion(6), new CancelAndResubmit(5), new LimitsChanged(), new IdempotencyReplays(12), new SettledTwice(4)]
            : [new LastSlotRace(100, 100), new FreedOnCompletion(60), new CancelAndResubmit(50), new LimitsChanged(), new IdempotencyReplays(100), new SettledTwice(40)];
        RacingTenants = [.. _acts.SelectMany(static a => a.RacingTenants)];
        Tenants = [.. _acts.SelectMany(static a => a.Tenants)];
    }

    public override string Name => "";

    public override int Workers => 2;

    /// <summary>N = 64: more than all limits together at their highest (8 tenants, 43 slots), so that only limits bind.</summary>
    public override int SlotsPerWorker => 32;

    public override IReadOnlyList<TenantSpec> Tenants { get; }

    public override IReadOnlyList<string> RacingTenants { get; }

    public override int SubmitterProcesses => _quick ? 3 : 4;

    public override string Why =>
        $"N = {Workers * SlotsPerWorker} slots is more than all limits together at their highest, so a body too many would find a slot to run in; "
        + "the bodies that hold slots (0.6 s and longer) outlast the races for the slots that are left, so a submission too many is seen as such; "
        + "where the target can, the races come from several processes, released in one instant, so that no lock or queue of one process orders them; "
        + "the bodies whose end is waited for are short (0.15 to 0.3 s), so many slots are freed and taken again.";

    public override RunDemands Demands => new(
        AtLimit: ["race", "freed", "cancel", "replay-a", "replay-b"],
        TenantsOverlapping: 3,
        RefusedAtLeast: _acts.Sum(static a => a.RefusedAtLeast),
        CompletedAtLeast: 50,
        ProbesAtLeast: 0,
        KeysAtLeast: 0,
        LatenessP99MsMax: 100,
        SettleMsMax: 20_000,
        StallMsMax: 2_000);

    public override int Submissions => _acts.Sum(static a => a.Submissions);

    public override int LoadMsMax => _quick ? 60_000 : 300_000;

    public override Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken) =>
        Task.WhenAll(_acts.Select(act => act.DriveAsync(run, cancellationToken)));
}
