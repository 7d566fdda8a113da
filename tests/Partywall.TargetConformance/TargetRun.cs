using System.Collections.Concurrent;
using System.Globalization;
using Partywall.History;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.TargetConformance;

/// <summary>A started target with a witness, for a test to use. Disposing it stops the target first.</summary>
public sealed class TargetRun : IAsyncDisposable
{
    private readonly DirectoryInfo _scratch;
    private readonly ConcurrentQueue<HistoryEvent> _events;
    private readonly WitnessServer _witness;
    private static int s_names;

    private TargetRun(ITarget target, DirectoryInfo scratch, WitnessServer witness, ConcurrentQueue<HistoryEvent> events)
    {
        Target = target;
        _scratch = scratch;
        _witness = witness;
        _events = events;
    }

    public ITarget Target { get; }

    public WitnessState Witness => _witness.State;

    public IReadOnlyCollection<HistoryEvent> Events => _events;

    /// <summary>Two workers of 8 slots.</summary>
    public static async Task<TargetRun> StartAsync(ITarget target, CancellationToken cancellationToken)
    {
        var scratch = Directory.CreateTempSubdirectory("pw-");
        var events = new ConcurrentQueue<HistoryEvent>();
        var socket = Path.Combine(scratch.FullName, "witness.sock");
        var run = new TargetRun(target, scratch, new WitnessServer(socket, new RunClock(), events.Enqueue), events);
        try
        {
            await target.StartAsync(
                new TargetEnvironment
                {
                    WitnessSocketPath = socket,
                    LogDirectory = scratch.CreateSubdirectory("logs").FullName,
                    ScratchDirectory = scratch.CreateSubdirectory("t").FullName,
                    Seed = 1,
                    Workers = 2,
                    SlotsPerWorker = 8,
                },
                cancellationToken);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>A tenant of a name nobody has used.</summary>
    public Task<ITenantClient> OnboardAsync(int maxConcurrent, int maxQueued = 0) =>
        Target.OnboardAsync(new TenantSpec(Name("t"), maxConcurrent, maxQueued), TestContext.Current.CancellationToken);

    public static ProbeJob Job(int durationMs, int progressSteps = 0) =>
        new() { Label = Name("j"), DurationMs = durationMs, ProgressSteps = progressSteps, Canary = "canary-of-" + Name("c") };

    /// <summary>The starts of a label's bodies, in the order of arrival.</summary>
    public IReadOnlyList<BodyStarted> Starts(string label) => [.. _events.OfType<BodyStarted>().Where(s => s.Label == label)];

    public async ValueTask DisposeAsync()
    {
        await Target.DisposeAsync();
        await _witness.DisposeAsync();
        _scratch.Delete(recursive: true);
    }

    private static string Name(string prefix) => prefix + Interlocked.Increment(ref s_names).ToString(CultureInfo.InvariantCulture);
}

/// <summary>One started target for all tests of a class: they use tenants of their own, which is what tenants are for.</summary>
public abstract class TargetFixture : IAsyncLifetime
{
    private TargetRun? _run;

    public TargetRun Run => _run ?? throw new InvalidOperationException("The target was not started.");

    /// <summary>A fresh target, not started.</summary>
    public abstract ITarget Create();

    public async ValueTask InitializeAsync() => _run = await TargetRun.StartAsync(Create(), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_run is not null)
        {
            await _run.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}
