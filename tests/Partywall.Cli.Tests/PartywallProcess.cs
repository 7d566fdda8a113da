using System.Diagnostics;
using System.Globalization;

namespace Partywall.Cli.Tests;

/// <summary>What a finished command said.</summary>
internal sealed record Said(int ExitCode, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>The command as users have it: the built executable, in a process of its own, in an empty directory.</summary>
internal sealed class PartywallProcess : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);

    public PartywallProcess()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("partywall-cli-").FullName;
        Temporary = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "tmp")).FullName;
    }

    /// <summary>The working directory.</summary>
    public string Directory { get; }

    /// <summary>Where the command makes its temporary files.</summary>
    public string Temporary { get; }

    /// <summary>Runs the command to its end.</summary>
    public async Task<Said> RunAsync(params string[] args)
    {
        using var process = Start(args);
        return await EndAsync(process, process.StandardOutput.ReadToEndAsync());
    }

    /// <summary>Runs the command, interrupts it (SIGINT) once a line of its output contains some words, and waits for its end.</summary>
    public async Task<Said> InterruptAsync(string words, params string[] args)
    {
        using var process = Start(args);
        using var bound = new CancellationTokenSource(Bound);
        var before = new List<string>();
        do
        {
            before.Add(await process.StandardOutput.ReadLineAsync(bound.Token) ?? throw new InvalidOperationException("It ended before: " + string.Join('\n', before)));
        }
        while (!before[^1].Contains(words, StringComparison.Ordinal));
        using (var kill = Process.Start("sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -INT {process.Id}")]))
        {
            await kill.WaitForExitAsync(bound.Token);
            Assert.Equal(0, kill.ExitCode);
        }

        return await EndAsync(process, RestAsync());

        async Task<string> RestAsync() => string.Join('\n', before) + '\n' + await process.StandardOutput.ReadToEndAsync();
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);

    private static async Task<Said> EndAsync(Process process, Task<string> output)
    {
        var error = process.StandardError.ReadToEndAsync();
        using var bound = new CancellationTokenSource(Bound);
        try
        {
            await process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new Said(process.ExitCode, await output, await error);
    }

    private Process Start(string[] args)
    {
        // The tests' output is artifacts/bin/Partywall.Cli.Tests/CONFIGURATION; the command's is its neighbour.
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var start = new ProcessStartInfo(Path.Combine(here.Parent!.Parent!.FullName, "Partywall.Cli", here.Name, "partywall"), args)
        {
            WorkingDirectory = Directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = Temporary;
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // Its sockets lie in the temporary directory.
        return Process.Start(start)!;
    }
}
