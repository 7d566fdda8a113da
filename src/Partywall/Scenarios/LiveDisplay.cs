using Partywall.History;
using Partywall.Load;
using Partywall.Witness;

namespace Partywall.Scenarios;

/// <summary>Tells a progress listener, again and again, where a run stands. Nothing of it is evidence.</summary>
internal sealed class LiveDisplay : IAsyncDisposable
{
    private readonly Scenario _scenario;
    private readonly ScenarioVariant _variant;
    private readonly RunClock _clock;
    private readonly List<RecordedTenant> _tenants;
    private readonly IProgress<ScenarioProgress>? _progress;
    private readonly CancellationTokenSource _ending = new();
    private readonly Dictionary<string, int> _limits = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private WitnessState? _witness;
    private RunPhase? _phase;
    private string _stage = "starting the target";
    private Task _reporting = Task.CompletedTask;

    /// <param name="scenario">The scenario.</param>
    /// <param name="variant">The variant.</param>
    /// <param name="clock">The run's clock.</param>
    /// <param name="tenants">The run's tenants, filled by its owner under a lock on the list.</param>
    /// <param name="progress">The listener; null for nobody.</param>
    public LiveDisplay(
        Scenario scenario, ScenarioVariant variant, RunClock clock, List<RecordedTenant> tenants, IProgress<ScenarioProgress>? progress)
    {
        _scenario = scenario;
        _variant = variant;
        _clock = clock;
        _tenants = tenants;
        _progress = progress;
    }

    public void Begin(WitnessState witness)
    {
        _witness = witness;
        if (_progress is not null)
        {
            _reporting = ReportAsync(_progress);
        }
    }

    public void Stage(string stage)
    {
        lock (_gate)
        {
            _stage = stage;
        }
    }

    /// <summary>Takes from the history what a display shows: phases and limits.</summary>
    public void See(HistoryEvent historyEvent)
    {
        lock (_gate)
        {
            switch (historyEvent)
            {
                case PhaseBegan phase:
                    _phase = phase.Phase;
                    _stage = phase.Phase switch
                    {
                        RunPhase.WarmUp => "warming up",
                        RunPhase.Load => "under load",
                        RunPhase.Settling => "waiting for rest",
                        _ => "looking at what is left",
                    };
                    break;
                case TenantOnboarded tenant:
                    _limits[tenant.Tenant] = tenant.MaxConcurrent;
                    break;
                case LimitChange { Mark: LimitChangeMark.Confirmed } change:
                    _limits[change.Tenant] = change.MaxConcurrent;
                    break;
            }
        }
    }

    /// <summary>Reports a last time.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _reporting;
        _ending.Dispose();
    }

    private async Task ReportAsync(IProgress<ScenarioProgress> progress)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(ScenarioProgress.IntervalMs));
        try
        {
            do
            {
                progress.Report(Now());
            }
            while (await timer.WaitForNextTickAsync(_ending.Token));
        }
        catch (OperationCanceledException)
        {
            progress.Report(Now());
        }
    }

    private ScenarioProgress Now()
    {
        RecordedTenant[] tenants;
        lock (_tenants)
        {
            tenants = [.. _tenants];
        }

        var witness = _witness!;
        lock (_gate)
        {
            return new ScenarioProgress(
                _scenario.Name,
                _variant.Name,
                _stage,
                _phase,
                TimeSpan.FromMicroseconds(_clock.NowNs / 1_000.0),
                tenants.Sum(static t => t.Submitted),
                _variant.Submissions,
                witness.RunningTotal,
                _variant.Workers * _variant.SlotsPerWorker,
                [
                    .. tenants.Select(t => new TenantProgress(
                        t.Id,
                        witness.Running(t.Id),
                        _limits.GetValueOrDefault(t.Id, t.Spec.MaxConcurrent),
                        Math.Max(0, t.Accepted.Count - witness.Starts(t.Id)),
                        t.Submitted,
                        t.Refused)),
                ]);
        }
    }
}
