using Partywall.Targets;

namespace Partywall.Tests.Load;

/// <summary>A tenant's slots, shared by the clients of several submitters: taken in one step, or, as a bug, counted first and taken later.</summary>
internal sealed class SharedSlots(int limit, bool countThenAct = false)
{
    private int _taken;

    public async Task<int?> TakeAsync()
    {
        if (countThenAct)
        {
            var counted = Volatile.Read(ref _taken);
            await Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System);
            return counted < limit ? Interlocked.Increment(ref _taken) : null;
        }

        var now = Interlocked.Increment(ref _taken);
        await Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System);
        return now <= limit ? now : null;
    }
}

/// <summary>A client that admits while there are slots, and never gives one back.</summary>
internal sealed class CountingClient(string tenantId, SharedSlots slots) : ITenantClient
{
    private static readonly ReplyEvidence s_evidence = new(202, "an answer"u8.ToArray());

    public string TenantId => tenantId;

    public async Task<Reply<Submission>> SubmitAsync(ProbeJob job, CancellationToken cancellationToken) => job.Label switch
    {
        "unknown" => Reply.Unknown<Submission>("no answer", ReplyEvidence.None),
        "away" => Reply.Unavailable<Submission>("the store is away", s_evidence),
        _ => await slots.TakeAsync() is not null
            ? Reply.Ok(new Submission("job-" + job.Label), s_evidence)
            : Reply.Refused<Submission>(new Refusal(RefusalCode.QuotaExceeded, "full", 5, 5), s_evidence),
    };

    public async Task<IReadOnlyList<Reply<Submission>>> SubmitBatchAsync(IReadOnlyList<ProbeJob> jobs, CancellationToken cancellationToken) =>
        await Task.WhenAll(jobs.Select(j => SubmitAsync(j, cancellationToken)));

    public Task<Reply<JobView>> GetAsync(string jobId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Reply<JobPage>> ListAsync(JobState? state, string? cursor, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Reply<JobView>> CancelAsync(string jobId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Reply<UsageView>> UsageAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
