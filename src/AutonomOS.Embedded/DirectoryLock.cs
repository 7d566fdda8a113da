namespace AutonomOS.Embedded;

/// <summary>Keeps a data directory to one process: an exclusive lock on a file in it, which the system gives back when the process dies.</summary>
internal sealed class DirectoryLock : IDisposable
{
    internal const string FileName = "in-use.lock";

    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Makes the directory where it is missing, and takes it.</summary>
    /// <exception cref="EmbeddedStoreException">It cannot be written to, or another process holds it.</exception>
    internal static DirectoryLock Take(string directory)
    {
        try
        {
            PrivateDirectory.Create(directory);
            return new DirectoryLock(new FileStream(Path.Combine(directory, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException error)
        {
            throw new EmbeddedStoreException($"The data directory {directory} cannot be written to: give this user the right to, or choose another.", error);
        }
        catch (IOException error) when (Directory.Exists(directory) && File.Exists(Path.Combine(directory, FileName)))
        {
            throw new EmbeddedStoreException($"The data directory {directory} is in use by another process: stop that one, or choose another directory.", error);
        }
        catch (IOException error)
        {
            throw new EmbeddedStoreException($"The data directory {directory} cannot be made: {error.Message}", error);
        }
    }

    // The file stays: removing it would let one process lock the old file and another the new one.
    public void Dispose() => _file.Dispose();
}
