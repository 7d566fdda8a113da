using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Partywall.Targets;

namespace Partywall.AutonomOS.Processes;

/// <summary>A process of the run, from its start to its end. Thread-safe.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int KillMs = 5_000;

    // What would make a program of ours listen, log or behave otherwise than the run says.
    private static readonly string[] StrippedPrefixes = ["ASPNETCORE_", "DOTNET_ENVIRONMENT", "DOTNET_URLS", "AUTONOMOS_", "Kestrel__", "Logging__", "URLS"];

    private readonly Process _process;
    private readonly ChildLog _log;
    private readonly Watchdog _watchdog;
    private readonly Task _pumping;
    private readonly Task _ended;

    private ChildProcess(string name, Process process, ChildLog log, Watchdog watchdog)
    {
        Name = name;
        Id = process.Id;
        _process = process;
        _log = log;
        _watchdog = watchdog;
        _pumping = Task.WhenAll(PumpAsync(process.StandardOutput), PumpAsync(process.StandardError));
        _ended = EndAsync();
    }

    /// <summary>Its name in the run.</summary>
    public string Name { get; }

    /// <summary>Its process id.</summary>
    public int Id { get; }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _ended.IsCompleted;

    /// <summary>Completes when it has ended, for whatever reason.</summary>
    public Task Ended => _ended;

    /// <summary>Its last lines of output.</summary>
    public string Tail => _log.Tail;

    /// <summary>How it ended: its exit code, 128 + N after signal N; null while it runs.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Starts a process with its output in <c>NAME.log</c>.</summary>
    /// <exception cref="TargetException">It cannot be started.</exception>
    public static ChildProcess Start(ChildSpec spec, string logDirectory, Watchdog watchdog)
    {
        var start = new ProcessStartInfo
        {
            FileName = Watchdog.Setsid ?? spec.Program.FileName,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Watchdog.Setsid is not null)
        {
            start.ArgumentList.Add(spec.Program.FileName);
        }

        foreach (var argument in spec.Program.LeadingArguments.Concat(spec.Arguments))
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var inherited in start.Environment.Keys.ToList())
        {
            if (StrippedPrefixes.Any(p => inherited.StartsWith(p, StringComparison.OrdinalIgnoreCase)))
            {
                start.Environment.Remove(inherited);
            }
        }

        foreach (var (name, value) in spec.Environment)
        {
            start.Environment[name] = value;
        }

        var log = new ChildLog(Path.Combine(logDirectory, spec.Name + ".log"), spec.Announcements);
        try
        {
            var process = Process.Start(start)!;
            watchdog.Started(process.Id);
            var child = new ChildProcess(spec.Name, process, log, watchdog);
            child.Write(spec.Input);
            return child;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            log.Dispose();
            throw new TargetException($"Cannot start {spec.Name} ({spec.Program.FileName}): {e.Message}", e);
        }
    }

    /// <summary>Waits for a line of output that begins with one of the spec's announcements.</summary>
    /// <returns>What followed it on the line.</returns>
    /// <exception cref="TargetException">The process ended before, or the bound passed; its last lines are in the message.</exception>
    public async Task<string> AnnouncedAsync(string announcement, TimeSpan bound, CancellationToken cancellationToken)
    {
        var announced = _log.Announced(announcement);
        var limit = Task.Delay(bound, cancellationToken);
        await Task.WhenAny(announced, _ended, limit);
        if (announced.IsCompleted)
        {
            return await announced;
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw _ended.IsCompleted ? EndedEarly() : TooSlow($"did not say “{announcement.TrimEnd()}”", bound);
    }

    /// <summary>The error for a process that ended when it should not have.</summary>
    public TargetException EndedEarly() => new(string.Create(
        CultureInfo.InvariantCulture, $"{Name} ended by itself with exit code {ExitCode}.{LastWords()}"));

    /// <summary>The error for a process that is not ready in time.</summary>
    public TargetException TooSlow(string what, TimeSpan bound) => new(string.Create(
        CultureInfo.InvariantCulture, $"{Name} {what} within {bound.TotalSeconds:0.#} s.{LastWords()}"));

    /// <summary>Sends it a signal.</summary>
    /// <returns>False when it has ended.</returns>
    public bool Signal(UnixSignal signal) => !HasEnded && UnixSignals.Send(Id, signal);

    /// <summary>Stops it: asks, waits, and kills what did not listen. Returns when it is gone.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (Signal(UnixSignal.Terminate))
        {
            // A paused process hears nothing.
            Signal(UnixSignal.Continue);
            await Task.WhenAny(_ended, Task.Delay(grace));
        }

        if (!HasEnded)
        {
            _log.Write($"-- partywall: did not end within {grace.TotalSeconds:0.#} s of SIGTERM, killed");
            await KillAsync();
        }
    }

    /// <summary>Kills it and waits until it is gone.</summary>
    /// <exception cref="TargetException">It survived even that.</exception>
    public async Task KillAsync()
    {
        Signal(UnixSignal.Kill);
        await Task.WhenAny(_ended, Task.Delay(KillMs));
        if (!HasEnded)
        {
            throw new TargetException($"{Name} (process {Id}) could not be killed; end it by hand.");
        }
    }

    /// <summary>Kills it if it still runs, and closes its log.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!HasEnded)
        {
            await KillAsync();
        }

        _log.Dispose();
        _process.Dispose();
    }

    private void Write(string? line)
    {
        if (line is null)
        {
            return;
        }

        try
        {
            _process.StandardInput.Write(line + "\n");
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has ended already; whoever waits for it is told so, with its last words.
        }
    }

    private string LastWords()
    {
        var tail = _log.Tail;
        return tail.Length == 0 ? " It wrote nothing." : $" Its last words:\n{tail}";
    }

    private async Task PumpAsync(StreamReader output)
    {
        try
        {
            while (await output.ReadLineAsync() is { } line)
            {
                _log.Write(line);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process is gone.
        }
    }

    private async Task EndAsync()
    {
        // Ends with the process itself, not with its output, which a grandchild could hold open.
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _watchdog.Ended(Id);
        ExitCode = _process.ExitCode;
        await Task.WhenAny(_pumping, Task.Delay(1_000));
    }
}
