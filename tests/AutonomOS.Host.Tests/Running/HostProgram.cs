using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace AutonomOS.Host.Tests.Running;

/// <summary>One run of the real <c>autonomos</c> as its project built it. Killed at the latest when this is disposed of, or when the test process ends.</summary>
public sealed class HostProgram : IDisposable
{
    /// <summary>How long a start, or an end after a signal, may take before the test fails.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly List<(string Prefix, TaskCompletionSource<string> Found)> _awaited = [];
    private readonly Lock _lock = new();
    private readonly Task _outputEnd;
    private readonly Task _errorEnd;

    private HostProgram(Process process)
    {
        _process = process;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        _outputEnd = ReadAsync(process.StandardOutput, _output);
        _errorEnd = ReadAsync(process.StandardError, _error);
    }

    /// <summary>The executable in the build output beside ours.</summary>
    public static string Executable { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "AutonomOS.Host", new DirectoryInfo(AppContext.BaseDirectory).Name, "autonomos"));

    public int Id => _process.Id;

    public string Output => Text(_output);

    public string Error => Text(_error);

    public static HostProgram Start(IEnumerable<string> args, IReadOnlyDictionary<string, string>? environment = null, string? workingDirectory = null)
    {
        Assert.True(File.Exists(Executable), $"{Executable} is not built.");
        var start = new ProcessStartInfo(Executable)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AUTONOMOS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        return new HostProgram(Process.Start(start)!);
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(IEnumerable<string> args, IReadOnlyDictionary<string, string>? environment = null, string? workingDirectory = null)
    {
        using var program = Start(args, environment, workingDirectory);
        var code = await program.EndAsync();
        return (code, program.Output, program.Error);
    }

    /// <summary>The rest of the first line of stdout that begins with this.</summary>
    public async Task<string> LineAsync(string prefix)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_output.ToString().Split('\n').FirstOrDefault(line => line.StartsWith(prefix, StringComparison.Ordinal)) is { } line)
            {
                return line[prefix.Length..];
            }

            _awaited.Add((prefix, found));
        }

        var first = await Task.WhenAny(found.Task, _outputEnd).WaitAsync(Bound);
        return first == found.Task ? await found.Task : throw new InvalidOperationException($"autonomos ended before it said '{prefix}': {Output}{Error}");
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits for the end, and for the last of its output.</summary>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Bound);
        await Task.WhenAll(_outputEnd, _errorEnd).WaitAsync(Bound);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader, StringBuilder into)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lock)
            {
                into.Append(line).Append('\n');
                if (into == _output)
                {
                    foreach (var (prefix, found) in _awaited.Where(awaited => line.StartsWith(awaited.Prefix, StringComparison.Ordinal)))
                    {
                        found.TrySetResult(line[prefix.Length..]);
                    }
                }
            }
        }
    }

    private string Text(StringBuilder text)
    {
        lock (_lock)
        {
            return text.ToString();
        }
    }

    private void OnExit(object? sender, EventArgs e) => _process.Kill();
}
