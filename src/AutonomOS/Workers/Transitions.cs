using AutonomOS.Jobs;
using AutonomOS.Tenants;

namespace AutonomOS.Workers;

/// <summary>The part of a lease that every transition shows.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Id">The job.</param>
/// <param name="Fence">The fence the claim handed out.</param>
public readonly record struct LeaseKey(TenantId Tenant, JobId Id, Fence Fence)
{
    /// <summary>The key of a leased job.</summary>
    public static LeaseKey Of(LeasedJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return new(job.Tenant, job.Id, job.Fence);
    }
}

/// <summary>A request to run jobs.</summary>
public sealed record ClaimRequest
{
    /// <summary>The pool.</summary>
    public required string Pool { get; init; }

    /// <summary>Who claims: the name of the worker's inbox (see <see cref="Storage.IWorkStore.OpenInboxAsync"/>).</summary>
    public required string WorkerId { get; init; }

    /// <summary>The most jobs to hand out, for any tenant. 0 to 1,000.</summary>
    public required int Slots { get; init; }

    /// <summary>Further jobs to hand out, only to tenants that run nothing (the pool's reserve), one each. Default 0.</summary>
    public int ReserveSlots { get; init; }

    /// <summary>Length of the lease from the store's clock, in milliseconds. 200 to 600,000; default 8,000.</summary>
    public int LeaseMs { get; init; } = DefaultLeaseMs;

    /// <summary>The lease unless another is said, in milliseconds.</summary>
    public const int DefaultLeaseMs = 8000;
}

/// <summary>What a claim gave.</summary>
/// <param name="Jobs">Claimed jobs, each with its lease.</param>
/// <param name="Latched">
/// True when the pool had nothing more to pick: the worker is on the pool's waiting list now, put there in the same
/// script that looked, and will get <see cref="WorkerSignal.Wake"/> when something becomes runnable. False: claim again
/// as soon as a slot is free.
/// </param>
public sealed record ClaimResult(IReadOnlyList<LeasedJob> Jobs, bool Latched);

/// <summary>A request to keep a lease.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="NotAfter">
/// The store-clock instant, in unix milliseconds, beyond which this renewal must not extend the lease. A worker that
/// repeats an unacknowledged renewal repeats the same instant, so a one-way partition ends.
/// </param>
public readonly record struct Renewal(LeaseKey Lease, long NotAfter);

/// <summary>What a renewal found.</summary>
public enum RenewResult
{
    /// <summary>The lease is kept.</summary>
    Kept,

    /// <summary>The lease is kept; the tenant wants the job cancelled.</summary>
    KeptCancelRequested,

    /// <summary>The lease is no longer this attempt's: stop the handler, write nothing.</summary>
    Lost,
}

/// <summary>How an attempt ended.</summary>
public enum AttemptEnd
{
    /// <summary>The handler returned.</summary>
    Completed,

    /// <summary>The handler failed and may be tried again while attempts are left.</summary>
    Failed,

    /// <summary>The handler failed and asked not to be tried again.</summary>
    FailedForGood,

    /// <summary>The handler stopped because its tenant asked for it.</summary>
    Cancelled,
}

/// <summary>An attempt's outcome, to be written once.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="End">How it ended.</param>
/// <param name="Result">The result of a completed attempt; empty for none.</param>
/// <param name="Error">The error text of a failed attempt.</param>
/// <param name="RetryDelayMs">Backoff should the job be tried again, in milliseconds, jitter included.</param>
public sealed record Settlement(LeaseKey Lease, AttemptEnd End, ReadOnlyMemory<byte> Result = default, string? Error = null, long RetryDelayMs = 0);

/// <summary>What became of a transition.</summary>
public enum TransitionResult
{
    /// <summary>Written, now or by an earlier call with the same fence.</summary>
    Done,

    /// <summary>Refused: the fence is not the job's.</summary>
    Stale,
}

/// <summary>Something a worker should act on at once.</summary>
public abstract record WorkerSignal
{
    private WorkerSignal()
    {
    }

    /// <summary>Something became runnable in the pool.</summary>
    public sealed record Wake : WorkerSignal;

    /// <summary>The connection to the store is back: claim again, settle what is finished.</summary>
    public sealed record Reconnected : WorkerSignal;

    /// <summary>A tenant asked a job of this worker to stop.</summary>
    /// <param name="Tenant">The tenant.</param>
    /// <param name="Id">The job.</param>
    public sealed record Cancel(TenantId Tenant, JobId Id) : WorkerSignal;
}

/// <summary>What a worker says of itself, for display and drain only: it never frees a slot.</summary>
/// <param name="WorkerId">The worker.</param>
/// <param name="Pool">Its pool.</param>
/// <param name="Slots">Its slots.</param>
/// <param name="Running">Jobs it runs.</param>
/// <param name="Draining">Whether it is stopping.</param>
/// <param name="Host">Machine and process, for people.</param>
/// <param name="SeenAt">When it last said so, by the store's clock; ignored when written.</param>
public sealed record WorkerHeartbeat(string WorkerId, string Pool, int Slots, int Running, bool Draining, string Host, DateTimeOffset SeenAt);
