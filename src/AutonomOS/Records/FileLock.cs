namespace AutonomOS.Records;

/// <summary>An exclusive lock on a file, held between processes and given back by the operating system when its holder dies.</summary>
public sealed class FileLock : IDisposable, IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Takes the lock if nobody holds it.</summary>
    /// <param name="path">The lock file; made when missing, left in place afterwards (removing it would let two holders in).</param>
    /// <returns>The lock, or null when another holds it.</returns>
    /// <exception cref="IOException">The file cannot be made for another reason.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static FileLock? TryTake(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new FileLock(new FileStream(path, options));
        }
        catch (IOException error) when (error is not (DirectoryNotFoundException or PathTooLongException) && File.Exists(path))
        {
            return null;
        }
    }

    /// <summary>Waits for the lock.</summary>
    /// <param name="path">See <see cref="TryTake"/>.</param>
    /// <param name="bound">The longest wait.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="TimeoutException">Another held it all the time.</exception>
    public static async Task<FileLock> TakeAsync(string path, TimeSpan bound, CancellationToken cancellation = default)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (TryTake(path) is { } taken)
            {
                return taken;
            }

            if (TimeProvider.System.GetElapsedTime(start) > bound)
            {
                throw new TimeoutException($"Another process has held {path} for {bound.TotalSeconds:0} s.");
            }

            await Task.Delay(Poll, cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
