using AutonomOS.Host.Commands;
using AutonomOS.Records;

namespace AutonomOS.Host.Serving;

/// <summary>The directory where a server keeps everything, and what lies where in it.</summary>
internal sealed class DataDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private DataDirectory(string path) => FullPath = path;

    public string FullPath { get; }

    /// <summary>The records.</summary>
    public string Records => Path.Combine(FullPath, "records.db");

    /// <summary>The admin key, unless it is given by the environment.</summary>
    public string AdminKey => Path.Combine(FullPath, "admin.key");

    /// <summary>The embedded store's files.</summary>
    public string Store => Path.Combine(FullPath, "store");

    /// <summary>The embedded store's socket, where its path is short enough.</summary>
    public string StoreSocket => Path.Combine(FullPath, "run", "store.sock");

    /// <summary>Makes the directory when it is missing, for its owner alone.</summary>
    /// <exception cref="StartException">It cannot be made or written.</exception>
    public static DataDirectory Open(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            if (File.Exists(full))
            {
                throw new StartException($"--data {path} is a file. Name a directory.");
            }

            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(full);
            }
            else
            {
                Directory.CreateDirectory(full, OwnerOnly);
            }

            // Taken and given back: what is wanted is the answer whether files can be made here.
            FileLock.TryTake(Path.Combine(full, "start.lock"))?.Dispose();
            return new DataDirectory(full);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The data directory {full} cannot be used: {error.Message} Choose another with --data DIR.", error);
        }
    }

    /// <summary>One process at a time makes what is missing at a first start.</summary>
    public Task<FileLock> LockForStartAsync(CancellationToken cancellation) =>
        FileLock.TakeAsync(Path.Combine(FullPath, "start.lock"), TimeSpan.FromSeconds(30), cancellation);
}
