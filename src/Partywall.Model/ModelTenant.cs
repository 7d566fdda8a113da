using Partywall.Targets;

namespace Partywall.Model;

/// <summary>A tenant of the model. Guarded by the system's lock.</summary>
internal sealed class ModelTenant(TenantSpec spec)
{
    public string Id { get; } = spec.Id;

    public int MaxConcurrent { get; set; } = spec.MaxConcurrent;

    public int MaxQueued { get; set; } = spec.MaxQueued;

    public int Weight { get; } = spec.Weight;

    /// <summary>All its jobs, finished ones included.</summary>
    public Dictionary<string, ModelJob> Jobs { get; } = new(StringComparer.Ordinal);

    /// <summary>Jobs that may run now, in the order of their places.</summary>
    public SortedDictionary<(int, long), ModelJob> Queue { get; } = [];

    /// <summary>The semaphore: the jobs that hold a slot. A set, so that releasing twice is releasing once.</summary>
    public HashSet<string> Slots { get; } = new(StringComparer.Ordinal);

    /// <summary>Pending + running: what the admission counts.</summary>
    public int Open { get; set; }

    /// <summary>Idempotency key → the job it was accepted for.</summary>
    public Dictionary<string, ModelJob> Idempotency { get; } = new(StringComparer.Ordinal);

    /// <summary>Slot time of its finished attempts, in milliseconds.</summary>
    public double ServedMs { get; set; }

    /// <summary>Slot time an attempt of it usually takes, in milliseconds: a moving average.</summary>
    public double UsualMs { get; set; } = 10;

    /// <summary>What its tag was lifted by when it joined the others.</summary>
    public double Lift { get; set; }

    /// <summary>Attempts begun so far.</summary>
    public int Begun { get; set; }

    /// <summary>Attempts under way: fence → when it began.</summary>
    public Dictionary<string, long> Live { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether it could run something when the scheduler last looked.</summary>
    public bool IsCompeting { get; set; }

    /// <summary>Only with <see cref="PlantedBug.RaiseNotTold"/>: passed over until woken.</summary>
    public bool IsParked { get; set; }
}
