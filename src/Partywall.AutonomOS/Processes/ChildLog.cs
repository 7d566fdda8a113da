namespace Partywall.AutonomOS.Processes;

/// <summary>
/// A process's output: written line by line to its log file, its last lines kept for an error message, and lines that
/// are waited for handed over. Thread-safe.
/// </summary>
internal sealed class ChildLog : IDisposable
{
    /// <summary>Lines kept for an error message.</summary>
    public const int TailLinesMax = 12;

    private readonly Lock _gate = new();
    private readonly StreamWriter _file;
    private readonly Queue<string> _tail = new();
    private readonly Dictionary<string, TaskCompletionSource<string>> _announcements;
    private bool _closed;

    /// <summary>Opens the log file, at its end if it exists.</summary>
    /// <param name="path">The file.</param>
    /// <param name="announcements">Beginnings of lines that are waited for.</param>
    public ChildLog(string path, IEnumerable<string> announcements)
    {
        _file = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        _announcements = announcements.ToDictionary(
            static a => a, static _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously), StringComparer.Ordinal);
    }

    /// <summary>The last lines, oldest first; empty when there was no output.</summary>
    public string Tail
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _tail);
            }
        }
    }

    /// <summary>What followed an announcement on its line; completes when the line was seen.</summary>
    public Task<string> Announced(string announcement) => _announcements[announcement].Task;

    /// <summary>Takes one line.</summary>
    public void Write(string line)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _file.WriteLine(line);
            _tail.Enqueue(line);
            if (_tail.Count > TailLinesMax)
            {
                _tail.Dequeue();
            }
        }

        foreach (var (beginning, seen) in _announcements)
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                seen.TrySetResult(line[beginning.Length..].Trim());
            }
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _file.Dispose();
        }
    }
}
