using System.Diagnostics;

namespace Partywall.History;

/// <summary>
/// The one clock of a run: nanoseconds since its start, from the host's monotonic clock. Every process of one host
/// reads the same clock, so a worker's raw timestamps convert without an offset. Thread-safe.
/// </summary>
public sealed class RunClock
{
    private readonly long _originTicks;

    /// <summary>Starts a clock at now.</summary>
    public RunClock()
        : this(Stopwatch.GetTimestamp())
    {
    }

    /// <summary>Starts a clock at a given moment.</summary>
    /// <param name="originTicks">The moment 0, as <see cref="Stopwatch.GetTimestamp"/> gives it.</param>
    public RunClock(long originTicks) => _originTicks = originTicks;

    /// <summary>Nanoseconds since the start of the run.</summary>
    public long NowNs => ToNs(Stopwatch.GetTimestamp());

    /// <summary>Converts a raw timestamp of any process on this host.</summary>
    /// <param name="timestamp">As <see cref="Stopwatch.GetTimestamp"/> gives it.</param>
    /// <returns>Nanoseconds since the start of the run; negative before it.</returns>
    public long ToNs(long timestamp) =>
        (long)((Int128)(timestamp - _originTicks) * 1_000_000_000 / Stopwatch.Frequency);
}
