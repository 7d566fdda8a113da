using Partywall.History;
using Partywall.Targets;

namespace Partywall.Scenarios;

/// <summary>While a run goes on: asks the system again and again what it says about held slots and usage.</summary>
internal sealed class Sampler
{
    /// <summary>Between two samples, in milliseconds.</summary>
    private const int IntervalMs = 100;

    private readonly ScenarioRun _run;
    private readonly IHeldSlots? _held;
    private readonly List<string> _tenants;

    public Sampler(ScenarioRun run)
    {
        _run = run;
        _held = run.Target.TryGet<IHeldSlots>(out var held) ? held : null;
        _tenants = [.. run.Tenants.Select(static t => t.Id)];
    }

    /// <summary>Samples until it is stopped. A call under way then is still answered: giving it up would look like an answer that never came.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(IntervalMs));
        try
        {
            for (var round = 0; await timer.WaitForNextTickAsync(stop); round++)
            {
                await SampleHeldAsync(cancellationToken);
                await _run.Tenants[round % _run.Tenants.Count].UsageAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    /// <summary>Takes one sample of all tenants' held slots, where the target can say.</summary>
    public async Task SampleHeldAsync(CancellationToken cancellationToken)
    {
        if (_held is null)
        {
            return;
        }

        var fromNs = _run.Clock.NowNs;
        try
        {
            var held = await _held.HeldSlotsAsync(_tenants, cancellationToken);
            _run.Record(new HeldSlotsSampled(_run.Clock.NowNs, fromNs, held));
        }
        catch (TargetException e)
        {
            // No sample is no evidence; the checks say when there is too little.
            _run.Note("A sample of the held slots failed: " + e.Message);
        }
    }
}
