namespace Partywall.Witness;

/// <summary>A body as the witness saw it.</summary>
/// <param name="Body">Its number in the run.</param>
/// <param name="Process">Where it runs.</param>
/// <param name="Tenant">Its tenant.</param>
/// <param name="Job">Its job.</param>
/// <param name="Label">Its submission's label.</param>
/// <param name="Attempt">The attempt's number.</param>
/// <param name="Fence">The attempt's fence.</param>
public sealed record WitnessedBody(long Body, string Process, string Tenant, string Job, string Label, int Attempt, string Fence);

/// <summary>
/// What runs now and what has run, as the bodies said. Scenarios wait on it instead of sleeping. Thread-safe.
/// </summary>
public sealed class WitnessState
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, WitnessedBody> _running = [];
    private readonly Dictionary<string, int> _runningByTenant = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WitnessedBody> _lastByLabel = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _stopsByLabel = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _startsByTenant = new(StringComparer.Ordinal);
    private readonly Dictionary<long, long> _startedNs = [];
    private readonly HashSet<string> _processes = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = NewSignal();
    private long _longestNs;

    /// <summary>Bodies running now, over all tenants.</summary>
    public int RunningTotal
    {
        get
        {
            lock (_gate)
            {
                return _running.Count;
            }
        }
    }

    /// <summary>Connected processes.</summary>
    public int Processes
    {
        get
        {
            lock (_gate)
            {
                return _processes.Count;
            }
        }
    }

    /// <summary>How long the longest body lasted that has stopped so far, over all tenants, in milliseconds; 0 when none has.</summary>
    public double LongestMs
    {
        get
        {
            lock (_gate)
            {
                return TimeSpan.FromTicks(_longestNs / TimeSpan.NanosecondsPerTick).TotalMilliseconds;
            }
        }
    }

    /// <summary>Bodies of a tenant running now.</summary>
    /// <param name="tenantId">The tenant.</param>
    public int Running(string tenantId)
    {
        lock (_gate)
        {
            return _runningByTenant.GetValueOrDefault(tenantId);
        }
    }

    /// <summary>Bodies of a tenant that have started since the beginning of the run.</summary>
    /// <param name="tenantId">The tenant.</param>
    public int Starts(string tenantId)
    {
        lock (_gate)
        {
            return _startsByTenant.GetValueOrDefault(tenantId);
        }
    }

    /// <summary>The last body that started for a submission; null when none has.</summary>
    /// <param name="label">The submission's label.</param>
    public WitnessedBody? LastStarted(string label)
    {
        lock (_gate)
        {
            return _lastByLabel.GetValueOrDefault(label);
        }
    }

    /// <summary>How many bodies of a submission have stopped.</summary>
    /// <param name="label">The submission's label.</param>
    public int Stops(string label)
    {
        lock (_gate)
        {
            return _stopsByLabel.GetValueOrDefault(label);
        }
    }

    /// <summary>The bodies running now.</summary>
    public IReadOnlyList<WitnessedBody> Snapshot()
    {
        lock (_gate)
        {
            return [.. _running.Values];
        }
    }

    /// <summary>Waits until a condition over this state holds, looking again whenever anything changed.</summary>
    /// <param name="condition">The condition; called often, so it should be cheap.</param>
    /// <param name="bound">The longest wait.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether the condition held within the bound.</returns>
    public async Task<bool> WaitAsync(Func<WitnessState, bool> condition, TimeSpan bound, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(condition);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(bound);
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
            }

            if (condition(this))
            {
                return true;
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return condition(this);
            }
        }
    }

    internal void Joined(string process) => Change(() => _processes.Add(process));

    internal void Left(string process) => Change(() =>
    {
        _processes.Remove(process);
        foreach (var body in _running.Values.Where(b => b.Process == process).ToList())
        {
            Remove(body);
        }
    });

    internal void Started(long body, string process, StartMessage start, long atNs) => Change(() =>
    {
        var witnessed = new WitnessedBody(body, process, start.Tenant, start.Job, start.Label, start.Attempt, start.Fence);
        _running[body] = witnessed;
        _startedNs[body] = atNs;
        _lastByLabel[start.Label] = witnessed;
        _runningByTenant[start.Tenant] = _runningByTenant.GetValueOrDefault(start.Tenant) + 1;
        _startsByTenant[start.Tenant] = _startsByTenant.GetValueOrDefault(start.Tenant) + 1;
    });

    internal void Stopped(long body, long atNs) => Change(() =>
    {
        if (_running.TryGetValue(body, out var witnessed))
        {
            _longestNs = Math.Max(_longestNs, atNs - _startedNs[body]);
            Remove(witnessed);
            _stopsByLabel[witnessed.Label] = _stopsByLabel.GetValueOrDefault(witnessed.Label) + 1;
        }
    });

    private void Remove(WitnessedBody body)
    {
        _running.Remove(body.Body);
        _startedNs.Remove(body.Body);
        _runningByTenant[body.Tenant]--;
    }

    private void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
