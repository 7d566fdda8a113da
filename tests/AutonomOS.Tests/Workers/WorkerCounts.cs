using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace AutonomOS.Tests.Workers;

/// <summary>What the workers of one pool counted, by instrument; a count can be waited for.</summary>
internal sealed class WorkerCounts : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly List<(string Name, long AtLeast, TaskCompletionSource Reached)> _waits = [];
    private readonly string _pool;

    public WorkerCounts(string pool)
    {
        _pool = pool;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "AutonomOS.Worker")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>(Count);
        _listener.Start();
    }

    public long this[string name] => _counts.GetValueOrDefault("autonomos.worker." + name);

    public Task ReachesAsync(string name, long atLeast)
    {
        lock (_gate)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (this[name] >= atLeast)
            {
                reached.SetResult();
            }
            else
            {
                _waits.Add(("autonomos.worker." + name, atLeast, reached));
            }

            return reached.Task.WaitAsync(TestTenant.Bound);
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Count(Instrument instrument, long measurement, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        foreach (var tag in tags)
        {
            if (tag is { Key: "pool", Value: string pool } && pool == _pool)
            {
                lock (_gate)
                {
                    var now = _counts.AddOrUpdate(instrument.Name, measurement, (_, before) => before + measurement);
                    foreach (var (_, _, reached) in _waits.Where(wait => wait.Name == instrument.Name && wait.AtLeast <= now))
                    {
                        reached.TrySetResult();
                    }
                }
            }
        }
    }
}
