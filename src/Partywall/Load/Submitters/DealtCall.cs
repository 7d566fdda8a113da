using Partywall.History;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.Load.Submitters;

/// <summary>A call that a submitter process was told to make. Thread-safe.</summary>
/// <param name="order">Its number among all orders.</param>
/// <param name="process">The process.</param>
/// <param name="tenant">The tenant that submits.</param>
/// <param name="jobs">The jobs, with the tenant's canary.</param>
internal sealed class DealtCall(long order, string process, RecordedTenant tenant, IReadOnlyList<ProbeJob> jobs)
{
    private readonly TaskCompletionSource<IReadOnlyList<Reply<Submission>>> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _recorded;

    /// <summary>Its number.</summary>
    public long Order { get; } = order;

    /// <summary>The process.</summary>
    public string Process { get; } = process;

    /// <summary>The tenant.</summary>
    public RecordedTenant Tenant { get; } = tenant;

    /// <summary>The jobs.</summary>
    public IReadOnlyList<ProbeJob> Jobs { get; } = jobs;

    /// <summary>When the process was told to go, in nanoseconds of the run; null before.</summary>
    public long? SentAtTheEarliestNs { get; set; }

    /// <summary>The replies; fails when the process is gone.</summary>
    public Task<IReadOnlyList<Reply<Submission>>> Answered => _answered.Task;

    /// <summary>Takes the answer, as the process reports it.</summary>
    public void Take(AnswerMessage answer, RunClock clock)
    {
        if (answer.Replies.Count != Jobs.Count)
        {
            Fail(new TargetException($"{Process} reports {answer.Replies.Count} replies for {Jobs.Count} submissions."));
            return;
        }

        var evidence = new ReplyEvidence(answer.Status, answer.Bytes);
        IReadOnlyList<Reply<Submission>> replies = [.. answer.Replies.Select(r => r.ToReply(evidence))];
        Record(clock.ToNs(answer.SentAt), clock.ToNs(answer.AnsweredAt), replies);
        _answered.TrySetResult(replies);
    }

    /// <summary>The process will not answer any more.</summary>
    public void Fail(TargetException reason) => _answered.TrySetException(reason);

    /// <summary>Nobody waits any more: what may have been sent and was not answered is recorded as that.</summary>
    public void GiveUp()
    {
        if (SentAtTheEarliestNs is { } sentNs)
        {
            Record(sentNs, null, null);
        }

        // A failure that nobody waited for is not a second one.
        _ = _answered.Task.Exception;
    }

    private void Record(long sentNs, long? answeredNs, IReadOnlyList<Reply<Submission>>? replies)
    {
        if (Interlocked.Exchange(ref _recorded, 1) == 0)
        {
            Tenant.Record(Process, Jobs, sentNs, answeredNs, replies);
        }
    }
}
