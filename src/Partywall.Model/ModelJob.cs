using Partywall.Targets;

namespace Partywall.Model;

/// <summary>A job of the model. Guarded by the system's lock.</summary>
internal sealed class ModelJob(string id, ModelTenant tenant, ProbeJob probe, long sequence)
{
    public string Id { get; } = id;

    public ModelTenant Tenant { get; } = tenant;

    public ProbeJob Probe { get; } = probe;

    /// <summary>The place in the queue: by priority, then in the order of acceptance. Kept over retries.</summary>
    public (int, long) Place { get; } = (-probe.Priority, sequence);

    public long Sequence { get; } = sequence;

    public JobState State { get; set; }

    public int Attempts { get; set; }

    /// <summary>What the present attempt was handed out with, and must be settled with.</summary>
    public string Fence { get; set; } = "";

    public int? Progress { get; set; }

    public string? Result { get; set; }

    public string? Error { get; set; }

    /// <summary>Stops the body of the running attempt.</summary>
    public CancellationTokenSource? Stop { get; set; }

    public JobView View => new(Id, State, Attempts, Progress, Result, Error);
}
