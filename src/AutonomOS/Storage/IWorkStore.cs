using System.Threading.Channels;
using AutonomOS.Workers;

namespace AutonomOS.Storage;

/// <summary>
/// The workers' side of the store. Thread-safe; deadlines and errors as in <see cref="IJobStore"/>. Calls take batches
/// of any mix of tenants and answer in order.
/// </summary>
public interface IWorkStore
{
    /// <summary>Claims runnable jobs in fair order, and puts the worker on the waiting list when there are none left.</summary>
    Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellation = default);

    /// <summary>Keeps leases. Throws as a whole when the store did not answer; then nothing is known to be kept.</summary>
    Task<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<Renewal> renewals, int leaseMs, CancellationToken cancellation = default);

    /// <summary>Writes outcomes. Repeating one with the winning fence answers <see cref="TransitionResult.Done"/>.</summary>
    Task<IReadOnlyList<TransitionResult>> SettleAsync(IReadOnlyList<Settlement> settlements, CancellationToken cancellation = default);

    /// <summary>Gives attempts back unrun or unfinished, at no cost to the job: it is queued at its original position.</summary>
    Task<IReadOnlyList<TransitionResult>> HandBackAsync(IReadOnlyList<LeaseKey> leases, CancellationToken cancellation = default);

    /// <summary>Reports progress. A lower percentage than the attempt's last is ignored (and answered as done).</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="percent">0 to 100.</param>
    /// <param name="message">Optional, cut to 256 characters.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<TransitionResult> ReportProgressAsync(LeaseKey lease, int percent, string? message, CancellationToken cancellation = default);

    /// <summary>Opens the worker's inbox: wake-ups, cancellations, reconnects. In force when this returns.</summary>
    Task<IWorkerInbox> OpenInboxAsync(string workerId, string pool, CancellationToken cancellation = default);

    /// <summary>Says that the worker lives; for display and drain only.</summary>
    Task HeartbeatAsync(WorkerHeartbeat heartbeat, CancellationToken cancellation = default);

    /// <summary>Forgets a worker that stopped, and takes it off the waiting list of its pool.</summary>
    Task ForgetWorkerAsync(string workerId, string pool, CancellationToken cancellation = default);

    /// <summary>The workers that said something within the last minute.</summary>
    Task<IReadOnlyList<WorkerHeartbeat>> WorkersAsync(CancellationToken cancellation = default);

    /// <summary>The store's clock as estimated here, in unix milliseconds: for <see cref="Renewal.NotAfter"/>.</summary>
    long StoreNowMs { get; }
}

/// <summary>A worker's inbox. Dispose to close.</summary>
public interface IWorkerInbox : IAsyncDisposable
{
    /// <summary>Signals as they come; wake-ups that pile up unread are merged into one.</summary>
    ChannelReader<WorkerSignal> Signals { get; }
}
