using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Partywall.EndToEnd.Tests;

/// <summary>
/// The real <c>partywall</c> as a process, with a temporary directory and a report directory of its own, so that a test
/// sees everything it leaves behind: files in the one, processes that name it in their command lines.
/// </summary>
internal sealed class Partywall : IAsyncDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("pwe-");
    private Process? _process;
    private Task<string>? _output;
    private Task<string>? _error;

    public string TemporaryDirectory => Directory.CreateDirectory(Path.Combine(_root.FullName, "t")).FullName;

    public string Report => Path.Combine(_root.FullName, "report");

    public IReadOnlyList<string> Histories => Directory.Exists(Report)
        ? [.. Directory.EnumerateFiles(Report, "history.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];

    public static async Task<(int ExitCode, string Output)> RunAsync(TimeSpan bound, params string[] arguments)
    {
        await using var partywall = new Partywall();
        partywall.Start(arguments);
        return await partywall.EndAsync(bound);
    }

    public void Start(params string[] arguments)
    {
        // A process started from the background of a script ignores SIGINT and hands that on; `env` takes it back.
        var start = new ProcessStartInfo("/usr/bin/env")
        {
            ArgumentList = { "--default-signal=INT", Dotnet(), Command() },
            Environment = { ["TMPDIR"] = TemporaryDirectory },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Waits for its end; kills it when it takes longer.</summary>
    public async Task<(int ExitCode, string Output)> EndAsync(TimeSpan bound)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(bound);
        try
        {
            await _process!.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process!.Kill();
            Assert.Fail($"partywall did not end within {bound}:\n{await _output!}\n{await _error!}");
        }

        return (_process.ExitCode, await _output! + await _error!);
    }

    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits until some bodies have started under load, as its history says while it is written.</summary>
    public Task UnderLoadAsync() => UntilAsync(
        () => Histories.Any(static h =>
        {
            var lines = ReadLines(h);
            var load = lines.FindIndex(static l => l.Contains("\"phase\":\"Load\"", StringComparison.Ordinal));
            return load >= 0 && lines.Skip(load).Count(static l => l.Contains("\"event\":\"start\"", StringComparison.Ordinal)) >= 3;
        }),
        TimeSpan.FromMinutes(3),
        "no load was seen");

    /// <summary>Waits until nothing of the run is left on the machine.</summary>
    public Task NothingLeftAsync(TimeSpan bound) => UntilAsync(() => Left().Count == 0, bound, null);

    /// <summary>Processes and files of the run that are there now.</summary>
    public IReadOnlyList<string> Left()
    {
        var left = new List<string>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id) && id != Environment.ProcessId)
            {
                try
                {
                    var line = File.ReadAllText(Path.Combine(directory, "cmdline")).Replace('\0', ' ');
                    if (line.Contains(_root.FullName, StringComparison.Ordinal))
                    {
                        left.Add($"process {id}: {line}");
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // Ended while we looked.
                }
            }
        }

        // A .NET process that is killed leaves its own diagnostic endpoints; they belong to the runtime, not to the run.
        var files = Directory.EnumerateFileSystemEntries(TemporaryDirectory, "*", SearchOption.AllDirectories)
            .Where(static f => !Path.GetFileName(f).StartsWith("dotnet-diagnostic-", StringComparison.Ordinal) && !Path.GetFileName(f).StartsWith("clr-debug-pipe-", StringComparison.Ordinal));
        left.AddRange(files.Select(static f => $"file {f}"));
        return left;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _root.Delete(recursive: true);
    }

    public static List<string> ReadLines(string path)
    {
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. file.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    private async Task UntilAsync(Func<bool> holds, TimeSpan bound, string? otherwise)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!holds())
        {
            var isOver = otherwise is not null && _process!.HasExited;
            if (isOver || Stopwatch.GetElapsedTime(begun) > bound)
            {
                var said = isOver ? $"\n{await _output!}{await _error!}" : "";
                Assert.Fail($"{otherwise ?? "There is still:\n" + string.Join('\n', Left())} after {Stopwatch.GetElapsedTime(begun)}{said}");
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    // Beside this project's own output, in the same configuration.
    private static string Command()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var command = Path.Combine(own.Parent!.Parent!.FullName, "Partywall.Cli", own.Name, "Partywall.Cli.dll");
        Assert.True(File.Exists(command), $"There is no {command}: build the solution first.");
        return command;
    }

    private static string Dotnet() => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
}
