using Partywall.History;

namespace Partywall.Checks.Harness;

/// <summary>No process, nor the harness, went silent for longer than the run allows, unless a fault did it.</summary>
/// <remarks>
/// A process that does not get the processor can neither renew a lease nor stamp a moment. What then looks like the
/// system's doing is the machine's, so nothing is concluded. Silences above 250 ms are in the history; the run says how
/// many of them, in length, it bears.
/// </remarks>
public sealed class HarnessNotStalledCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "harness.not-stalled";

    /// <inheritdoc/>
    public string Claim => "No process was silent for longer than the run can bear, unless a fault did it.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var disturbances = Disturbance.Of(history);
        var faults = disturbances.Where(static d => d.Kind != Disturbance.Stall).ToList();
        var stalls = history.Of<WitnessStalled>().ToList();
        foreach (var stall in disturbances.Where(static d => d.Kind == Disturbance.Stall))
        {
            if (!faults.Exists(f => f.Process == stall.Process && f.Touches(stall.FromNs, stall.UntilNs)))
            {
                notes.Doubt(
                    $"{stall.Process} gave no sign of life for {Nanoseconds.ToMs(stall.UntilNs - stall.FromNs):0} ms, {Nanoseconds.ToMs(stall.FromNs):0} ms into the run (at most {history.Header.Demands.StallMsMax} ms): the machine was too busy to judge by.");
            }
        }

        notes.Figure("stalls", stalls.Count, "stalls");
        notes.Figure("longest stall", stalls.Count == 0 ? 0 : stalls.Max(static s => Nanoseconds.ToMs(s.AtNs - s.FromNs)), "ms");
        return notes.Result(history.Of<WitnessJoined>().Count(), "No process ever joined the witness, so none could be seen to stall.");
    }
}
