using Partywall.Checks.Fairness;
using Partywall.Targets;

namespace Partywall.Scenarios.Stress.Fairnesses;

/*
 * How much work the claim needs. fairness.service concludes from an interval whose service by weight is ten times the
 * scheduler's bound. The bound follows from what the scheduler states, by the same formula as that check's, and is measured in
 * the longest body; which that will be is only known while they run, since a busy machine stretches one now and then. So both
 * tenants get the work for bodies of their meant length, and while they still have some left, what is missing for the longest one
 * seen is added. An idle machine is done early, and a busy one takes as long as it takes.
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

    /// <summary>What is asked for, and a tenth for the edges of the interval.</summary>
    private const double ServicePerBound = 1.1 * FairnessServiceCheck.ServicePerBoundMin;

    /// <summary>The longest body, in milliseconds, for which work is added. With one that is longer the run may show nothing.</summary>
    private const int LongestMsMax = 4 * BodyMs;

    /// <summary>Work is added when one of the two has so many jobs left: more than can start while they are handed in.</summary>
    private const int LeftMin = 40;
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
        + $"Then both could fill the pool, and go on until their service is {ServicePerBound:0} times the bound, measured in the longest body seen, so that a drift shows as well.";

    public override int Submissions => (Slots * _cappedMs / BodyMs) + (2 * JobsFor(new DispatchTerms(20, 10, 10), BodyMs));

    public override async Task DriveAsync(ScenarioRun run, CancellationToken cancellationToken)
    {
        if (!run.Target.TryGet<ILimitChanges>(out var changes))
        {
            throw new InvalidOperationException("The scenario needs changes of limits.");
        }

        var terms = State(run);
        var given = JobsFor(terms, BodyMs);
        var before = (Slots - Capped) * _cappedMs / BodyMs;
        var (steady, freed) = (before + given, (Capped * _cappedMs / BodyMs) + given);
        var (steadyStarts, freedStarts) = (run.Witness.Starts(Steady), run.Witness.Starts(Freed));
        await SubmitAsync(run, [(Steady, steady, BodyMs), (Freed, freed, BodyMs)], cancellationToken);
        await run.Witness.WaitAsync(w => w.Starts(Steady) - steadyStarts >= before, FreedBound, cancellationToken);
        await run.SetLimitsAsync(changes, Freed, Limit, MaxQueued, cancellationToken);
        while (await run.Witness.WaitAsync(
            w => Math.Min(steady - (w.Starts(Steady) - steadyStarts), freed - (w.Starts(Freed) - freedStarts)) <= LeftMin, FreedBound, cancellationToken))
        {
            var missing = JobsFor(terms, Math.Min(run.Witness.LongestMs, LongestMsMax)) - given;
            if (missing <= 0)
            {
                break;
            }

            await SubmitAsync(run, [(Steady, missing, BodyMs), (Freed, missing, BodyMs)], cancellationToken);
            (given, steady, freed) = (given + missing, steady + missing, freed + missing);
        }

        await EndedAsync(run, cancellationToken);
    }

    /// <summary>The jobs that each tenant needs while both can be served, if the longest body lasts so long.</summary>
    private static int JobsFor(DispatchTerms terms, double bodyMs)
    {
        var longestMs = Math.Max(bodyMs + terms.HandOverMs, terms.EstimateMs);
        var errorMs = Math.Min(terms.ChargeErrorMs ?? longestMs, longestMs);
        var partMs = ((Slots + 1) * longestMs) + (2 * Slots * errorMs) + (2 * Slots * (terms.NoteMs + terms.HandOverMs));
        return (int)Math.Ceiling(ServicePerBound * 2 * partMs / BodyMs);
    }
}
