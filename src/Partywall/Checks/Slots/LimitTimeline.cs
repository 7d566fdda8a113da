using Partywall.History;

namespace Partywall.Checks.Slots;

/// <summary>
/// Which limit of a tenant (or which capacity: limit + backlog) was in force when. Between asking for a change and its confirmation either may be; after a
/// change of unknown outcome either may be, until the next one is confirmed.
/// </summary>
internal sealed class LimitTimeline
{
    // Each step holds until the next: the smallest and largest limit that may be in force.
    private readonly List<(long FromNs, int Min, int Max)> _steps = [];
    private readonly HashSet<int> _possible = [];

    /// <summary>The limit last asked for or set.</summary>
    public int Latest { get; private set; }

    /// <summary>How many bodies of each tenant may run at once.</summary>
    public static IReadOnlyDictionary<string, LimitTimeline> Of(HistoryData history) =>
        Of(history, static (maxConcurrent, _) => maxConcurrent);

    /// <summary>How many jobs of each tenant may be pending or running at once.</summary>
    public static IReadOnlyDictionary<string, LimitTimeline> CapacitiesOf(HistoryData history) =>
        Of(history, static (maxConcurrent, maxQueued) => maxConcurrent + maxQueued);

    /// <summary>How many jobs of each tenant may be pending beyond its limit.</summary>
    public static IReadOnlyDictionary<string, LimitTimeline> BacklogsOf(HistoryData history) =>
        Of(history, static (_, maxQueued) => maxQueued);

    private static Dictionary<string, LimitTimeline> Of(HistoryData history, Func<int, int, int> limitOf)
    {
        var all = new Dictionary<string, LimitTimeline>(StringComparer.Ordinal);
        foreach (var historyEvent in history.Events)
        {
            switch (historyEvent)
            {
                case TenantOnboarded tenant:
                    var timeline = new LimitTimeline();
                    timeline.Step(tenant.AtNs, limitOf(tenant.MaxConcurrent, tenant.MaxQueued));
                    all[tenant.Tenant] = timeline;
                    break;
                case LimitChange change when all.TryGetValue(change.Tenant, out var known):
                    if (change.Mark == LimitChangeMark.Confirmed)
                    {
                        known._possible.Clear();
                    }

                    known.Step(change.AtNs, limitOf(change.MaxConcurrent, change.MaxQueued));
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

    /// <summary>The smallest limit that may have been in force at any moment of a span. Before the first it is the first.</summary>
    public int SmallestIn(long fromNs, long untilNs)
    {
        var smallest = int.MaxValue;
        for (var i = StepAt(fromNs); i < _steps.Count && (smallest == int.MaxValue || _steps[i].FromNs <= untilNs); i++)
        {
            smallest = Math.Min(smallest, _steps[i].Min);
        }

        return smallest;
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
        _possible.Add(latest);
        _steps.Add((atNs, _possible.Min(), _possible.Max()));
    }
}
