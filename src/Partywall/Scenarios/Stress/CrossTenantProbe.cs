using Partywall.History;
using Partywall.Load;

namespace Partywall.Scenarios.Stress;

/// <summary>
/// A neighbour reaches for a tenant's running job by every operation a client has: get, list, cancel. Each is followed
/// by the same for a job that never existed, with which the answer must agree to the byte, and by the owner's own call,
/// which must succeed or the probe has shown nothing.
/// </summary>
internal static class CrossTenantProbe
{
    private static readonly TimeSpan RunningBound = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(
        ScenarioRun run, RecordedTenant owner, RecordedTenant stranger, Random random, CancellationToken cancellationToken)
    {
        if (await VictimAsync(run, owner, cancellationToken) is not { } job)
        {
            run.Note($"No job of {owner.Id} was seen running, so nobody could reach for it.");
            return;
        }

        var absent = AbsentLike(job, random);

        var get = run.NextProbe();
        await stranger.GetAsync(job, Reason(OperationPurpose.Stranger, get), cancellationToken);
        await stranger.GetAsync(absent, Reason(OperationPurpose.Absent, get), cancellationToken);
        await owner.GetAsync(job, Reason(OperationPurpose.Owner, get), cancellationToken);

        var list = run.NextProbe();
        await stranger.ListAsync(null, null, Reason(OperationPurpose.Stranger, list), cancellationToken);
        await ListOwnAsync(owner, job, Reason(OperationPurpose.Owner, list), cancellationToken);

        // Last, because the owner's control ends the job. That the stranger's call did not is seen in its state before.
        var cancel = run.NextProbe();
        await stranger.CancelAsync(job, Reason(OperationPurpose.Stranger, cancel), cancellationToken);
        await stranger.CancelAsync(absent, Reason(OperationPurpose.Absent, cancel), cancellationToken);
        await owner.GetAsync(job, null, cancellationToken);
        await owner.CancelAsync(job, Reason(OperationPurpose.Owner, cancel), cancellationToken);

        OperationReason Reason(OperationPurpose purpose, long probe) =>
            new(purpose, purpose == OperationPurpose.Absent ? null : owner.Id, probe, job);
    }

    /// <summary>A job of the owner whose body runs now.</summary>
    private static async Task<string?> VictimAsync(ScenarioRun run, RecordedTenant owner, CancellationToken cancellationToken)
    {
        string? job = null;
        await run.Witness.WaitAsync(
            w => (job = w.Snapshot().LastOrDefault(b => b.Tenant == owner.Id && owner.Accepted.ContainsKey(b.Job))?.Job) is not null,
            RunningBound,
            cancellationToken);
        return job;
    }

    /// <summary>Pages through the owner's list until the job is found.</summary>
    private static async Task ListOwnAsync(RecordedTenant owner, string job, OperationReason reason, CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var page = (await owner.ListAsync(null, cursor, reason, cancellationToken)).Value;
            cursor = page is null || page.Jobs.Any(j => j.Id == job) ? null : page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>
    /// An id of the same shape that no job has: each of its last characters is replaced by another of its kind, so that
    /// the answer's length gives nothing away.
    /// </summary>
    internal static string AbsentLike(string jobId, Random random)
    {
        const int Replaced = 12;
        var id = jobId.ToCharArray();
        for (var i = Math.Max(0, id.Length - Replaced); i < id.Length; i++)
        {
            id[i] = id[i] switch
            {
                >= '0' and <= '9' => Another(id[i], '0', 10),
                >= 'a' and <= 'f' => Another(id[i], 'a', 6),
                >= 'A' and <= 'F' => Another(id[i], 'A', 6),
                >= 'g' and <= 'z' => Another(id[i], 'g', 20),
                >= 'G' and <= 'Z' => Another(id[i], 'G', 20),
                var other => other,
            };
        }

        return new string(id);

        char Another(char now, char first, int count) => (char)(first + ((now - first + 1 + random.Next(count - 1)) % count));
    }
}
