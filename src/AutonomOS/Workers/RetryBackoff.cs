namespace AutonomOS.Workers;

/// <summary>
/// How long a failed job waits before its next attempt: exponential with full jitter, anything from 0 to
/// min(cap, base × 2^failures), so that jobs which failed together do not come back together.
/// </summary>
/// <remarks>Source: "Exponential Backoff and Jitter", AWS Architecture Blog, 2015: full jitter needs the least work and time of its variants.</remarks>
internal sealed class RetryBackoff(long baseMs, long capMs, Jitter jitter)
{
    /// <summary>The longest wait after a failure that <paramref name="failuresBefore"/> others came before.</summary>
    public long LongestMs(int failuresBefore)
    {
        var doublings = Math.Clamp(failuresBefore, 0, 40);
        return baseMs > capMs >> doublings ? capMs : baseMs << doublings;
    }

    public long DelayMs(int failuresBefore) => jitter.Between(0, LongestMs(failuresBefore));
}
