namespace Partywall.Checks.Jobs;

/// <summary>Counts over places in an order, with changes and sums in logarithmic time (Fenwick, 1994). Places are numbered from 0.</summary>
internal sealed class CountTree(int places)
{
    private readonly int[] _counts = new int[places + 1];

    /// <summary>Changes the count at a place.</summary>
    public void Add(int place, int change)
    {
        for (var i = place + 1; i < _counts.Length; i += i & -i)
        {
            _counts[i] += change;
        }
    }

    /// <summary>The sum of the counts at all places below one.</summary>
    public int Below(int place)
    {
        var sum = 0;
        for (var i = place; i > 0; i -= i & -i)
        {
            sum += _counts[i];
        }

        return sum;
    }
}
