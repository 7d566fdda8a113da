using System.Text.Json;

namespace Partywall.History;

/// <summary>
/// Writes a history as the run goes: one JSON object a line, appended in the order of arrival. Thread-safe.
/// </summary>
/// <remarks>
/// Memory is bounded by one buffer. The buffer is handed to the operating system at least every
/// <see cref="FlushMs"/> milliseconds, so a harness that crashes or is killed loses no more than that of its
/// evidence; the last line may then be cut off, which <see cref="HistoryReader"/> understands.
/// </remarks>
public sealed class HistoryWriter : IAsyncDisposable
{
    /// <summary>The longest an event stays in the buffer, in milliseconds.</summary>
    public const int FlushMs = 100;

    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly Utf8JsonWriter _json;
    private readonly ITimer _flush;
    private long _events;
    private bool _ended;
    private HistoryException? _failure;

    /// <summary>Creates the file and writes the header.</summary>
    /// <param name="path">The file; must not exist.</param>
    /// <param name="header">The header.</param>
    /// <param name="timeProvider">Drives the flushing. Default: the system's.</param>
    /// <exception cref="HistoryException">The file cannot be created or written.</exception>
    public HistoryWriter(string path, RunHeader header, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(header);
        Path = path;
        try
        {
            _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 64 * 1024);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HistoryException($"Cannot create the history {path}: {e.Message}", e);
        }

        _json = new Utf8JsonWriter(_file);
        Append(header);
        Flush();
        _flush = (timeProvider ?? TimeProvider.System).CreateTimer(
            static state => ((HistoryWriter)state!).Flush(), this, TimeSpan.FromMilliseconds(FlushMs), TimeSpan.FromMilliseconds(FlushMs));
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The first failure to write, if any. Later events are then dropped; the run must not be judged as complete.</summary>
    public HistoryException? Failure
    {
        get
        {
            lock (_gate)
            {
                return _failure;
            }
        }
    }

    /// <summary>Appends an event. Events after the end record are dropped: the history is closed by then.</summary>
    /// <param name="historyEvent">The event.</param>
    public void Append(HistoryEvent historyEvent)
    {
        ArgumentNullException.ThrowIfNull(historyEvent);
        lock (_gate)
        {
            if (_ended || _failure is not null)
            {
                return;
            }

            Write(historyEvent);
            _events++;
        }
    }

    /// <summary>Writes the end record and hands everything to the disk.</summary>
    /// <param name="atNs">When the run ended.</param>
    /// <param name="outcome">How.</param>
    /// <param name="reason">Why it did not finish; null when it did.</param>
    /// <exception cref="HistoryException">The history could not be written in full.</exception>
    public void End(long atNs, RunOutcome outcome, string? reason)
    {
        lock (_gate)
        {
            if (!_ended && _failure is null)
            {
                Write(new RunEnded(atNs, outcome, reason, _events));
                _ended = true;
            }

            if (_failure is null)
            {
                Guarded(static w => w._file.Flush(flushToDisk: true));
            }

            if (_failure is not null)
            {
                throw _failure;
            }
        }
    }

    /// <summary>Closes the file. Without <see cref="End"/> before, the history reads as cut off.</summary>
    public async ValueTask DisposeAsync()
    {
        await _flush.DisposeAsync();
        lock (_gate)
        {
            _ended = true;
            Guarded(static w => w._json.Dispose());
            Guarded(static w => w._file.Dispose());
        }
    }

    private void Flush()
    {
        lock (_gate)
        {
            if (!_ended && _failure is null)
            {
                Guarded(static w => w._file.Flush());
            }
        }
    }

    private void Write(HistoryEvent historyEvent) => Guarded(w =>
    {
        JsonSerializer.Serialize(w._json, historyEvent, HistoryJson.Default.HistoryEvent);
        w._json.Flush();
        w._json.Reset();
        w._file.WriteByte((byte)'\n');
    });

    private void Guarded(Action<HistoryWriter> write)
    {
        try
        {
            write(this);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failure ??= new HistoryException($"Cannot write the history {Path}: {e.Message} Free some space or choose another directory.", e);
        }
    }
}
