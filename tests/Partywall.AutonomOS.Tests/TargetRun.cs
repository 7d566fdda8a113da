using System.Collections.Concurrent;
using Partywall.History;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.AutonomOS.Tests;

/// <summary>A target with real processes, its witness and its directories, as the runner would give them to it.</summary>
internal sealed class TargetRun : IAsyncDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("pwt-");
    private bool _disposed;

    public TargetRun(AutonomOSTargetOptions? options = null, int workers = 2, int slotsPerWorker = 5)
    {
        Target = new AutonomOSTarget(options);
        Witness = new WitnessServer(Path.Combine(Root, "w"), new RunClock(), Events.Enqueue);
        Environment = new TargetEnvironment
        {
            WitnessSocketPath = Path.Combine(Root, "w"),
            LogDirectory = _root.CreateSubdirectory("logs").FullName,
            ScratchDirectory = _root.CreateSubdirectory("s").FullName,
            Seed = 1,
            Workers = workers,
            SlotsPerWorker = slotsPerWorker,
        };
    }

    public AutonomOSTarget Target { get; }

    public WitnessServer Witness { get; }

    public TargetEnvironment Environment { get; }

    public ConcurrentQueue<HistoryEvent> Events { get; } = new();

    /// <summary>Its directory: part of every process's command line, so it finds them all.</summary>
    public string Root => _root.FullName;

    public static async Task<TargetRun> StartAsync(AutonomOSTargetOptions? options = null, int workers = 2, int slotsPerWorker = 5)
    {
        var run = new TargetRun(options, workers, slotsPerWorker);
        try
        {
            await run.Target.StartAsync(run.Environment, TestContext.Current.CancellationToken);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public T Capability<T>()
        where T : class, ITargetCapability => Target.TryGet<T>(out var capability) ? capability : throw new InvalidOperationException(typeof(T).Name);

    public string Log(string process) => File.ReadAllText(Path.Combine(Environment.LogDirectory, process + ".log"));

    /// <summary>Processes that carry a text in their command line.</summary>
    public static IReadOnlyList<int> ProcessesWith(string text)
    {
        var found = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), System.Globalization.CultureInfo.InvariantCulture, out var id) && id != System.Environment.ProcessId)
            {
                try
                {
                    if (File.ReadAllText(Path.Combine(directory, "cmdline")).Contains(text, StringComparison.Ordinal))
                    {
                        found.Add(id);
                    }
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // Ended while we looked.
                }
            }
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            try
            {
                await Target.DisposeAsync();
            }
            finally
            {
                await Witness.DisposeAsync();
                _root.Delete(recursive: true);
            }
        }
    }
}
