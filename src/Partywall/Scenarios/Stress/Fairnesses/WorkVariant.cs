using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Fairnesses;

/// <summary>Two tenants of equal weight with equal work, one in long jobs, one in short ones: they end together.</summary>
internal sealed class WorkVariant : FairVariant
{
    private const string Long = "long";
    private const string Short = "short";
    private const int Slots = 2;

    private readonly int _longMs;
    private readonly int _shortMs;
    private readonly int _workMs;

    public WorkVariant(ScenarioSize size)
    {
        // Standard: one second against bodies of a twentieth. Shorter ones would be mostly hand-over, which a body cannot show.
        (_longMs, _shortMs, _workMs) = size.Profile == RunProfile.Quick ? (400, 50, 6_000) : (1_000, 50, 60_000);
    }

    public override string Name => "work";

    public override int SlotsPerWorker => Slots / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new(Long, Slots, MaxQueued), new(Short, Slots, MaxQueued)];

    public override IReadOnlyList<string> Checks { get; } = ["fairness.share", "fairness.finish"];

    public override string Why =>
        $"Both tenants have {_workMs} ms of work, in bodies of {_longMs} ms and of {_shortMs} ms, and could each fill the pool (N = {Slots}, limits of {Slots}); "
        + $"a scheduler that counts jobs gives the long ones {_longMs / _shortMs} times the slot time, and their tenant has ended when the other has hardly begun.";

    public override int Submissions => Work.Sum(static w => w.Jobs);

    private IReadOnlyList<(string Tenant, int Jobs, int BodyMs)> Work => [(Long, _workMs / _longMs, _longMs), (Short, _workMs / _shortMs, _shortMs)];

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        State(run);
        await SubmitAsync(run, Work, cancellationToken);
        await EndedAsync(run, cancellationToken);
    }
}
