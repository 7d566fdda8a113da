namespace AutonomOS.Reconciliation;

/// <summary>What visits to tenants did. The first five are the platform's daily work; the repairs after them stay at 0 in a healthy system, and so does <see cref="Overflowed"/>.</summary>
public sealed record SweepReport
{
    /// <summary>Lapsed leases taken back: their jobs were queued again, cancelled, or failed as poison.</summary>
    public long Reaped { get; init; }

    /// <summary>Of those, jobs failed because they lost too many leases.</summary>
    public long Poisoned { get; init; }

    /// <summary>Jobs failed because an attempt outran its timeout.</summary>
    public long TimedOut { get; init; }

    /// <summary>Delayed and retrying jobs queued because they were due.</summary>
    public long Promoted { get; init; }

    /// <summary>Finished jobs dropped after their retention.</summary>
    public long Expired { get; init; }

    /// <summary>Repair: slots given back that no running attempt held.</summary>
    public long SlotsGivenBack { get; init; }

    /// <summary>Repair: queue and delayed entries dropped that an interrupted script left behind.</summary>
    public long LeftoversDropped { get; init; }

    /// <summary>Repair: entries without a job behind them, removed or moved to the tenant's repair set.</summary>
    public long EntriesWithoutJob { get; init; }

    /// <summary>Repair: jobs that were in no structure, put back.</summary>
    public long JobsPutBack { get; init; }

    /// <summary>Repair: tenants that were runnable and had not said so.</summary>
    public long MarksNotTold { get; init; }

    /// <summary>Repair: tenants that had said so and were absent from the index.</summary>
    public long Reindexed { get; init; }

    /// <summary>Finished jobs dropped unarchived because the outbox was full: the records were away, or slower than the jobs, for long.</summary>
    public long Overflowed { get; init; }

    /// <summary>All repairs.</summary>
    public long Repairs => SlotsGivenBack + LeftoversDropped + EntriesWithoutJob + JobsPutBack + MarksNotTold + Reindexed;

    /// <summary>Both reports together.</summary>
    public static SweepReport operator +(SweepReport a, SweepReport b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new()
        {
            Reaped = a.Reaped + b.Reaped,
            Poisoned = a.Poisoned + b.Poisoned,
            TimedOut = a.TimedOut + b.TimedOut,
            Promoted = a.Promoted + b.Promoted,
            Expired = a.Expired + b.Expired,
            SlotsGivenBack = a.SlotsGivenBack + b.SlotsGivenBack,
            LeftoversDropped = a.LeftoversDropped + b.LeftoversDropped,
            EntriesWithoutJob = a.EntriesWithoutJob + b.EntriesWithoutJob,
            JobsPutBack = a.JobsPutBack + b.JobsPutBack,
            MarksNotTold = a.MarksNotTold + b.MarksNotTold,
            Reindexed = a.Reindexed + b.Reindexed,
            Overflowed = a.Overflowed + b.Overflowed,
        };
    }

    /// <summary>Both reports together.</summary>
    public static SweepReport Add(SweepReport left, SweepReport right) => left + right;
}
