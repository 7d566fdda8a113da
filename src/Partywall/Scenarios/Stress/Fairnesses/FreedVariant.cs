using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Fairnesses;

/*
 * How much work the claim needs. fairness.service concludes from an interval whose service by weight is ten times the
 * scheduler's bound, so both tenants get enough work for eighteen times, counted in bodies: the bound is measured in the
 * longest body, and a busy machine stretches one now and then. It follows from what the scheduler states, by the same
 * formula as that check's, with the lengths that are meant here.
 */

/// <summary>
/// A tenant is held at one slot while the other has all the rest; then its limit is raised. What it did not get before it
/// must not be given now.
/// </summary>
internal sealed class FreedVariant : FairVariant
{
    private const string Steady = "steady";
    private const string Freed = "freed";
    private const int Slots = 4;
    private const int BodyMs = 50;

    /// <summary>
    /// Above what a tenant can ever hold, hand-overs included: one that may be at its limit for a moment, seen from outside, is
    /// not surely eligible then, and the interval that is judged would end.
    /// </summary>
    private const int Limit = 4 * Slots;
    private const int Capped = 1;
    private const int ServicePerBound = 18;
    private static readonly TimeSpan FreedBound = TimeSpan.FromMinutes(5);

    private readonly int _cappedMs;

    public FreedVariant(ScenarioSize size) => _cappedMs = size.Profile == RunProfile.Quick ? 2_500 : 60_000;

    public override string Name => "freed";

    public override int SlotsPerWorker => Slots / 2;

    public override IReadOnlyList<TenantSpec> Tenants { get; } = [new(Steady, Limit, MaxQueued), new(Freed, Capped, MaxQueued)];

    public override IReadOnlyList<string> Checks { get; } = ["fairness.service"];

    public override string Why =>
        $"While {Freed} is held at {Capped} of N = {Slots} slots, {Steady} has the other {Slots - Capped} for {_cappedMs} ms and gets {(Slots - (2 * Capped)) * _cappedMs} ms of slot time more, "
        + "which is more than the scheduler's bound: were it a debt, it would be paid back at once by a gap that shows. "
        + $"Then both could fill the pool, and go on until their service is {ServicePerBound} times the bound, so that a drift shows as well.";

    public override int Submissions => (int)((((Slots - Capped) + Capped) * _cappedMs / BodyMs) + (2 * NeededMs(new DispatchTerms(20, 10, 10)) / BodyMs));

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        if (!run.Target.TryGet<ILimitChanges>(out var changes))
        {
            throw new InvalidOperationException("The scenario needs changes of limits.");
        }

        var neededMs = NeededMs(State(run));
        var before = (Slots - Capped) * _cappedMs / BodyMs;
        await SubmitAsync(
            run,
            [(Steady, before + (int)(neededMs / BodyMs), BodyMs), (Freed, (Capped * _cappedMs / BodyMs) + (int)(neededMs / BodyMs), BodyMs)],
            cancellationToken);
        await run.Witness.WaitAsync(w => w.Starts(Steady) >= before, FreedBound, cancellationToken);
        await run.SetLimitsAsync(changes, Freed, Limit, MaxQueued, cancellationToken);
        await EndedAsync(run, cancellationToken);
    }

    private static double NeededMs(DispatchTerms terms)
    {
        var longestMs = Math.Max(BodyMs + terms.HandOverMs, terms.EstimateMs);
        var errorMs = Math.Min(terms.ChargeErrorMs ?? longestMs, longestMs);
        var partMs = ((Slots + 1) * longestMs) + (2 * Slots * errorMs) + (2 * Slots * (terms.NoteMs + terms.HandOverMs));
        return ServicePerBound * 2 * partMs;
    }
}
