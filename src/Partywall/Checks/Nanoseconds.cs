namespace Partywall.Checks;

/// <summary>Conversion of the history's unit of time.</summary>
internal static class Nanoseconds
{
    /// <summary>Nanoseconds of a millisecond.</summary>
    public const long PerMs = 1_000_000;

    /// <summary>Milliseconds to nanoseconds.</summary>
    public static long FromMs(long ms) => ms * PerMs;

    /// <summary>Nanoseconds to milliseconds.</summary>
    public static double ToMs(long ns) => ns / (double)PerMs;
}
