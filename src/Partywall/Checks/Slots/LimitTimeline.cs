using Partywall.History;

namespace Partywall.Checks.Slots;

/// <summary>
/// Which limit of a tenant was in force when. Between asking for a change and its confirmation either may be; after a
/// change of unknown outcome either may be, until the next one is confirmed.
/// </summary>
internal sealed class LimitTimeline
{
    // Each step holds until the next: the smallest and largest limit that may be in force.
    private readonly List<(long FromNs, int Min, int Max)> _steps = [];
    private readonly HashSet<int> _possible = [];

    /// <summary>The limit last asked for or set.</summary>
    public int Latest { get; private set; }

    /// <summary>The timelines of all tenants of a history.</summary>
    public static IReadOnlyDictionary<string, LimitTimeline> Of(HistoryData history)
    {
        var all = new Dictionary<string, LimitTimeline>(StringComparer.Ordinal);
        foreach (var historyEvent in history.Events)
        {
            switch (historyEvent)
            {
                case TenantOnboarded tenant:
                    var timeline = new LimitTimeline();
                    timeline._possible.Add(tenant.MaxConcurrent);
                    timeline.Step(tenant.AtNs, tenant.MaxConcurrent);
                    all[tenant.Tenant] = timeline;
                    break;
                case LimitChange change when all.TryGetValue(change.Tenant, out var known):
                    if (change.Mark == LimitChangeMark.Confirmed)
                    {
                        known._possible.Clear();
                    }

                    known._possible.Add(change.MaxConcurrent);
                    known.Step(change.AtNs, change.MaxConcurrent);
                    break;
            }
        }

        return all;
    }

    /// <summary>The largest limit that may have been in force at any moment of a span. Before the first it is the first.</summary>
    public int LargestIn(long fromNs, long untilNs)
    {
        var largest = 0;
        for (var i = StepAt(fromNs); i < _steps.Count && (largest == 0 || _steps[i].FromNs <= untilNs); i++)
        {
            largest = Math.Max(largest, _steps[i].Max);
        }

        return largest;
    }

    /// <summary>The smallest limit that may have been in force at a moment.</summary>
    public int SmallestAt(long atNs) => _steps[StepAt(atNs)].Min;

    /// <summary>The moments at which it changed, the first included.</summary>
    public IEnumerable<long> Moments => _steps.Select(static s => s.FromNs);

    private int StepAt(long atNs)
    {
        var low = 0;
        var high = _steps.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _steps[middle].FromNs <= atNs ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private void Step(long atNs, int latest)
    {
        Latest = latest;
        _steps.Add((atNs, _possible.Min(), _possible.Max()));
    }
}
