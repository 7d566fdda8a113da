namespace AutonomOS.Embedded;

/// <summary>Directories that only their owner may enter.</summary>
internal static class PrivateDirectory
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the directory with mode 0700 when it is missing; leaves an existing one as it is.</summary>
    internal static void Create(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, Owner);
        }
    }

    /// <summary>Whether users other than the owner may enter it.</summary>
    internal static bool IsOpen(string directory) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(directory) & ~Owner) != UnixFileMode.None;
}
