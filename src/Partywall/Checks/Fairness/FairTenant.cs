using Partywall.Checks.Slots;

namespace Partywall.Checks.Fairness;

/// <summary>One of the tenants between whom fairness is tried, at the present moment of a <see cref="ServiceWalk"/>.</summary>
/// <param name="index">Its place among them.</param>
/// <param name="name">Its id.</param>
/// <param name="line">The line on which it was brought in.</param>
/// <param name="weight">Its weight.</param>
/// <param name="limits">Its limits.</param>
internal sealed class FairTenant(int index, string name, int line, int weight, LimitTimeline limits)
{
    private double _servedNs;
    private long _sinceNs;

    public int Index => index;

    public string Name => name;

    public int Line => line;

    public int Weight => weight;

    public LimitTimeline Limits => limits;

    /// <summary>Its limit: the smallest that may be in force.</summary>
    public int Limit { get; set; }

    /// <summary>Jobs that are surely queued.</summary>
    public int Queued { get; set; }

    /// <summary>Attempts that may hold a slot, for all that can be seen from outside.</summary>
    public int PossiblyHeld { get; set; }

    /// <summary>Changes of its limits that may not have come through everywhere.</summary>
    public int Changes { get; set; }

    /// <summary>Bodies running.</summary>
    public int Running { get; private set; }

    /// <summary>Bodies started so far.</summary>
    public int Attempts { get; private set; }

    /// <summary>Its longest attempt, hand-over included, in nanoseconds.</summary>
    public double LongestNs { get; set; }

    /// <summary>Its bodies' time so far, in nanoseconds.</summary>
    public double ServedNs(long atNs) => _servedNs + ((double)Running * (atNs - _sinceNs));

    public void BodyStarts(long atNs)
    {
        Advance(atNs);
        Running++;
        Attempts++;
    }

    public void BodyStops(long atNs)
    {
        Advance(atNs);
        Running--;
    }

    private void Advance(long atNs)
    {
        _servedNs = ServedNs(atNs);
        _sinceNs = atNs;
    }
}
