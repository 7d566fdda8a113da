using System.Diagnostics.Metrics;

namespace AutonomOS.Workers;

/// <summary>What workers count, by pool. Tenants and types are no labels: both are chosen by tenants and unbounded.</summary>
internal sealed class WorkerMetrics
{
    /// <summary>The name to subscribe to.</summary>
    public const string MeterName = "AutonomOS.Worker";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> ClaimedCounter = Meter.CreateCounter<long>("autonomos.worker.claimed", "{attempt}", "Attempts claimed.");
    private static readonly Counter<long> CompletedCounter = Meter.CreateCounter<long>("autonomos.worker.completed", "{attempt}", "Attempts settled as completed.");
    private static readonly Counter<long> FailedCounter = Meter.CreateCounter<long>("autonomos.worker.failed", "{attempt}", "Attempts settled as failed, to be tried again or not.");
    private static readonly Counter<long> CancelledCounter = Meter.CreateCounter<long>("autonomos.worker.cancelled", "{attempt}", "Attempts settled as cancelled by their tenant.");
    private static readonly Counter<long> HandedBackCounter = Meter.CreateCounter<long>("autonomos.worker.handed_back", "{attempt}", "Attempts handed back at no cost to their jobs.");
    private static readonly Counter<long> LostCounter = Meter.CreateCounter<long>("autonomos.worker.lost", "{attempt}", "Attempts whose lease was another's before they ended, or whose outcome was refused as stale.");
    private static readonly Counter<long> SelfFencedCounter = Meter.CreateCounter<long>("autonomos.worker.self_fenced", "{attempt}", "Attempts cancelled because their lease could not be renewed in time.");
    private static readonly Counter<long> UnknownTypeCounter = Meter.CreateCounter<long>("autonomos.worker.unknown_type", "{attempt}", "Attempts handed back because the worker has no handler for their type.");
    private static readonly Counter<long> StoreErrorCounter = Meter.CreateCounter<long>("autonomos.worker.store_errors", "{call}", "Calls that the store did not answer.");
    private static readonly UpDownCounter<long> RunningCounter = Meter.CreateUpDownCounter<long>("autonomos.worker.running", "{attempt}", "Slots of the worker in use.");

    private readonly KeyValuePair<string, object?> _pool;

    public WorkerMetrics(string pool) => _pool = new("pool", pool);

    public void Claimed(int count) => ClaimedCounter.Add(count, _pool);

    public void Completed() => CompletedCounter.Add(1, _pool);

    public void Failed() => FailedCounter.Add(1, _pool);

    public void Cancelled() => CancelledCounter.Add(1, _pool);

    public void HandedBack() => HandedBackCounter.Add(1, _pool);

    public void Lost() => LostCounter.Add(1, _pool);

    public void SelfFenced() => SelfFencedCounter.Add(1, _pool);

    public void UnknownType() => UnknownTypeCounter.Add(1, _pool);

    public void StoreError() => StoreErrorCounter.Add(1, _pool);

    public void Running(int change) => RunningCounter.Add(change, _pool);
}
