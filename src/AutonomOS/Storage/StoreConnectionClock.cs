namespace AutonomOS.Storage;

/// <summary>The store's clock, estimated against the local monotonic one. Thread-safe.</summary>
/// <remarks>
/// A sample is <c>TIME</c> with the monotonic instants at which it was sent and answered. The store read its clock
/// somewhere between the two, so a sample bounds the offset by its round trip; the midpoint is taken (Cristian,
/// "Probabilistic clock synchronization", 1989), of the sample with the shortest round trip among the last
/// <see cref="SamplesMax"/>. When a new sample's bounds do not meet those of the one in use, the store's clock was set
/// or its machine slept, and everything older is dropped.
/// </remarks>
internal sealed class StoreConnectionClock(TimeProvider time)
{
    /// <summary>Samples kept; at one every 2 s they span 30 s, over which two clocks drift about a millisecond.</summary>
    internal const int SamplesMax = 15;

    /// <summary>Bounds that miss each other by less than this, in milliseconds, are drift and rounding, not a clock that was set.</summary>
    private const double SlackMs = 5;

    private readonly Lock _lock = new();
    private readonly Queue<Sample> _samples = new();
    private readonly long _start = time.GetTimestamp();
    private Sample? _best;

    /// <summary>Unix milliseconds by the store's clock; by the local clock until the first sample.</summary>
    internal long NowMs
    {
        get
        {
            var best = Volatile.Read(ref _best);
            return best is null
                ? time.GetUtcNow().ToUnixTimeMilliseconds()
                : (long)(ElapsedMs(time.GetTimestamp()) + best.OffsetMs);
        }
    }

    /// <summary>The round trip of the sample in use, in milliseconds: the estimate is off by at most half of it. Null before the first.</summary>
    internal double? RoundTripMs => Volatile.Read(ref _best)?.RoundTripMs;

    /// <summary>Adds a sample.</summary>
    /// <param name="sent">Local timestamp before the call.</param>
    /// <param name="answered">Local timestamp after the answer.</param>
    /// <param name="storeMs">What the store said, in unix milliseconds.</param>
    internal void Add(long sent, long answered, double storeMs)
    {
        var low = storeMs - ElapsedMs(answered);
        var high = storeMs - ElapsedMs(sent);
        var sample = new Sample(low, high);
        lock (_lock)
        {
            if (_best is { } best && (low > best.High + SlackMs || high < best.Low - SlackMs))
            {
                _samples.Clear();
            }

            _samples.Enqueue(sample);
            while (_samples.Count > SamplesMax)
            {
                _samples.Dequeue();
            }

            Volatile.Write(ref _best, _samples.MinBy(s => s.RoundTripMs));
        }
    }

    /// <summary>Forgets all samples but keeps the estimate until the next one: another server may answer now.</summary>
    internal void Reset()
    {
        lock (_lock)
        {
            _samples.Clear();
        }
    }

    private double ElapsedMs(long timestamp) => time.GetElapsedTime(_start, timestamp).TotalMilliseconds;

    private sealed record Sample(double Low, double High)
    {
        internal double OffsetMs => (Low + High) / 2;

        internal double RoundTripMs => High - Low;
    }
}
