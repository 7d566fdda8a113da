namespace Partywall.Checks.Harness;

/// <summary>How far calls that several processes made were under way at the same time.</summary>
/// <param name="ProcessesAtOnce">The most processes with calls under way at one moment.</param>
/// <param name="Beside">Calls that were under way at the same time as one of another process.</param>
internal sealed record ProcessOverlap(int ProcessesAtOnce, int Beside)
{
    /// <summary>Sweeps over the calls. One that was never answered overlaps with nothing: when it was sent is not known.</summary>
    public static ProcessOverlap Of(IEnumerable<Operation> calls)
    {
        var underWay = new HashSet<Operation>(ReferenceEqualityComparer.Instance);
        var beside = new HashSet<Operation>(ReferenceEqualityComparer.Instance);
        var most = 0;
        foreach (var (_, isBegin, call) in calls
            .Where(static c => c.Answer is not null)
            .SelectMany(static c => new[] { (c.Asked.AtNs, IsBegin: true, Call: c), (c.Answer!.AtNs, IsBegin: false, Call: c) })
            .OrderBy(static m => m.AtNs).ThenBy(static m => m.IsBegin))
        {
            if (!isBegin)
            {
                underWay.Remove(call);
                continue;
            }

            foreach (var other in underWay.Where(o => o.Asked.Process != call.Asked.Process))
            {
                beside.Add(other);
                beside.Add(call);
            }

            underWay.Add(call);
            most = Math.Max(most, underWay.Select(static o => o.Asked.Process).Distinct(StringComparer.Ordinal).Count());
        }

        return new ProcessOverlap(most, beside.Count);
    }
}
