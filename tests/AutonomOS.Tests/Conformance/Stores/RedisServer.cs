using System.Diagnostics;
using System.Globalization;
using AutonomOS.Storage;

namespace AutonomOS.Tests.Conformance.Stores;

/// <summary>A redis-server process on a Unix socket, without persistence; it can be killed, restarted, paused and resumed.</summary>
public sealed class RedisServer : IDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(20);

    private readonly TempDirectory _directory = new();
    private Process _process;

    private RedisServer() => _process = null!;

    /// <summary>What is missing to run one, or null.</summary>
    public static string? Missing { get; } = Find() is null ? "redis-server is not on the PATH: Debian and Ubuntu have it as the package redis-server." : null;

    public StoreOptions Options => new() { Endpoint = "unix:" + _directory.File("s") };

    /// <summary>Skips the test, or fails it under CI=true, where there is no redis-server.</summary>
    public static void Need()
    {
        if (Missing is null)
        {
            return;
        }

        Assert.False(Environment.GetEnvironmentVariable("CI") == "true", Missing);
        Assert.Skip(Missing);
    }

    public static async Task<RedisServer> StartAsync()
    {
        var server = new RedisServer();
        AppDomain.CurrentDomain.ProcessExit += server.OnExit;
        await server.LaunchAsync();
        return server;
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Starts it anew, empty, at the same place, after <see cref="Kill"/>.</summary>
    public Task RestartAsync() => LaunchAsync();

    /// <summary>SIGSTOP: connections stay open and nothing is answered.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT.</summary>
    public Task ResumeAsync() => SignalAsync("CONT");

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
        _directory.Dispose();
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(directory => Path.Combine(directory, "redis-server"))
        .FirstOrDefault(File.Exists);

    private async Task LaunchAsync()
    {
        _process?.Dispose();
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(Find()!)
            {
                ArgumentList = { "--port", "0", "--unixsocket", _directory.File("s"), "--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--dir", _directory.Path, "--daemonize", "no" },
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new List<string>();
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException("redis-server ended before it was ready: " + string.Join(Environment.NewLine, said)));
            }
            else
            {
                said.Add(line.Data);
                if (line.Data.Contains("ready to accept connections", StringComparison.OrdinalIgnoreCase))
                {
                    ready.TrySetResult();
                }
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await ready.Task.WaitAsync(StartMax);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private void OnExit(object? sender, EventArgs e) => _process.Kill();
}
