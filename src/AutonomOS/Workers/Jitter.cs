namespace AutonomOS.Workers;

/// <summary>The worker's randomness, from one seed. Thread-safe.</summary>
internal sealed class Jitter(int seed)
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);

    public int Seed => seed;

    /// <summary>A whole number from <paramref name="from"/> to <paramref name="to"/>, both included.</summary>
    public long Between(long from, long to)
    {
        lock (_gate)
        {
            return _random.NextInt64(from, to + 1);
        }
    }

    /// <summary>Between half and all of <paramref name="longestMs"/>.</summary>
    public TimeSpan Pause(long longestMs) => TimeSpan.FromMilliseconds(Between(longestMs / 2, longestMs));

    /// <summary>The pause after the <paramref name="failures"/>th failure in a row (from 1): doubles from 25 ms to 1 s, jittered by half.</summary>
    public TimeSpan PauseAfter(int failures) => Pause(Math.Min(1000, 25L << Math.Min(failures, 6)));
}
