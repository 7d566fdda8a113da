using System.Diagnostics.CodeAnalysis;
using Partywall.Checks.Errors;
using Partywall.Checks.Fairness;
using Partywall.Checks.Harness;
using Partywall.Checks.Isolation;
using Partywall.Checks.Jobs;
using Partywall.Checks.Latency;
using Partywall.Checks.Liveness;
using Partywall.Checks.Neighbours;
using Partywall.Checks.Reconciliation;
using Partywall.Checks.Slots;

namespace Partywall.Checks;

/// <summary>All checks by name.</summary>
public static class CheckCatalogue
{
    /// <summary>Every check there is, in the order of the report.</summary>
    public static IReadOnlyList<ICheck> All { get; } =
    [
        new IsolationAccessCheck(),
        new IsolationCanaryCheck(),
        new IsolationKeysCheck(),
        new IsolationIdsCheck(),
        new IsolationSurfaceCheck(),
        new SlotsBoundCheck(),
        new SlotsConservedCheck(),
        new SlotsAdmissionCheck(),
        new SlotsTruthfulCheck(),
        new JobsConservedCheck(),
        new JobsOnceCheck(),
        new JobsIdempotentCheck(),
        new JobsRefusedNeverRanCheck(),
        new JobsOrderCheck(),
        new ProgressMonotoneCheck(),
        new FairnessServiceCheck(),
        new FairnessNextSlotCheck(),
        new FairnessReserveCheck(),
        new FairnessShareCheck(),
        new FairnessFinishCheck(),
        new NeighbourSlowdownCheck(),
        new LivenessDispatchCheck(),
        new LatencySubmissionCheck(),
        new ReconciliationCleanCheck(),
        new ErrorsClearCheck(),
        new HarnessCompleteCheck(),
        new HarnessSawEnoughCheck(),
        new HarnessNotStalledCheck(),
        new HarnessKeptScheduleCheck(),
    ];

    private static readonly Dictionary<string, ICheck> s_byName = All.ToDictionary(static c => c.Name, StringComparer.Ordinal);

    /// <summary>
    /// Checks that judge every history, whether or not its header names them: without them a pass would say nothing.
    /// </summary>
    public static IReadOnlyList<string> Always { get; } = ["harness.complete", "harness.saw-enough", "harness.not-stalled"];

    /// <summary>Finds a check.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="check">The check, when there is one.</param>
    /// <returns>Whether there is one.</returns>
    public static bool TryGet(string name, [NotNullWhen(true)] out ICheck? check) => s_byName.TryGetValue(name, out check);
}
