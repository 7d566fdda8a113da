namespace Partywall.Witness;

/// <summary>The witness's version, bounds and intervals, the same on both ends.</summary>
public static class WitnessProtocol
{
    /// <summary>The version both ends must speak.</summary>
    public const int Version = 1;

    /// <summary>A process gives a sign of life this often, in milliseconds.</summary>
    public const int BeatMs = 50;

    /// <summary>A silence longer than this, in milliseconds, is recorded as a stall.</summary>
    public const int StallMs = 250;

    /// <summary>The longest wait for the harness to answer a hello or a start, in milliseconds; after it the witness counts as lost.</summary>
    public const int AckMs = 5_000;

    /// <summary>The longest line, in bytes.</summary>
    public const int LineBytesMax = 64 * 1024;

    /// <summary>
    /// Names the running boot of this host: two processes with the same name share one monotonic clock.
    /// </summary>
    public static string HostBoot { get; } = ReadHostBoot();

    private static string ReadHostBoot()
    {
        const string LinuxBootId = "/proc/sys/kernel/random/boot_id";
        try
        {
            return File.Exists(LinuxBootId) ? File.ReadAllText(LinuxBootId).Trim() : Environment.MachineName;
        }
        catch (IOException)
        {
            return Environment.MachineName;
        }
    }
}
