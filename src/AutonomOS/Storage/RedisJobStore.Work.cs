using System.Security.Cryptography;
using System.Text.Json;
using AutonomOS.Jobs;
using AutonomOS.Scheduling;
using AutonomOS.Tenants;
using AutonomOS.Workers;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <content>The workers' side: <see cref="IWorkStore"/>.</content>
public sealed partial class RedisJobStore
{
    /// <summary>Leases a job may lose before it is failed as poison.</summary>
    public const int LeasesLostMax = 5;

    private const int HeartbeatShownMs = 60_000;
    private const int ProgressMessageMax = 256;

    /// <inheritdoc/>
    public async Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (latched, picks) = await _index.PickAsync(request.Pool, request.WorkerId, request.Slots, request.ReserveSlots, cancellation);
        if (latched)
        {
            return new ClaimResult([], Latched: true);
        }

        var claims = picks.Select(pick => ClaimOneAsync(request, pick, cancellation)).ToList();
        // One tenant's failed claim must not cost the others the jobs they were just leased.
        await Task.WhenAll(claims).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var jobs = claims.Where(c => c.IsCompletedSuccessfully).SelectMany(c => c.Result).ToList();
        if (jobs.Count == 0 && claims.Find(c => !c.IsCompletedSuccessfully) is { } failed)
        {
            await failed;
        }

        return new ClaimResult(jobs, Latched: false);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<Renewal> renewals, int leaseMs, CancellationToken cancellation = default) =>
        ByTenantAsync(
            renewals,
            static r => r.Lease.Tenant,
            async (tenant, batch) =>
            {
                var args = new List<RedisValue>(2 + (batch.Count * 5)) { leaseMs, batch.Count };
                foreach (var renewal in batch)
                {
                    AddLease(args, renewal.Lease);
                    args.Add(renewal.NotAfter);
                }

                var answer = await _tenants.WriteAsync("renew", tenant, args, cancellation);
                // Renewals come from a thread that must not wait for anything else; the notes go by themselves.
                _ = _index.TellAsync(TenantNote.Read(tenant, answer[1]));
                return ((RedisResult[])answer[2]!).Select(static r => (long)r switch
                {
                    1 => RenewResult.Kept,
                    2 => RenewResult.KeptCancelRequested,
                    _ => RenewResult.Lost,
                });
            });

    /// <inheritdoc/>
    public Task<IReadOnlyList<TransitionResult>> SettleAsync(IReadOnlyList<Settlement> settlements, CancellationToken cancellation = default) =>
        ByTenantAsync(
            settlements,
            static s => s.Lease.Tenant,
            async (tenant, batch) =>
            {
                var args = new List<RedisValue>(1 + (batch.Count * 8)) { batch.Count };
                foreach (var settlement in batch)
                {
                    AddLease(args, settlement.Lease);
                    args.AddRange([EndName(settlement.End), settlement.Result, settlement.Error ?? "", settlement.RetryDelayMs]);
                }

                var answer = await _tenants.WriteAsync("settle", tenant, args, cancellation);
                await _index.TellAsync(TenantNote.Read(tenant, answer[2]));
                await BringForwardAsync(tenant, (long)answer[1]);
                return ReadTransitions(answer[3]);
            });

    /// <inheritdoc/>
    public Task<IReadOnlyList<TransitionResult>> HandBackAsync(IReadOnlyList<LeaseKey> leases, CancellationToken cancellation = default) =>
        ByTenantAsync(
            leases,
            static l => l.Tenant,
            async (tenant, batch) =>
            {
                var args = new List<RedisValue>(1 + (batch.Count * 4)) { batch.Count };
                foreach (var lease in batch)
                {
                    AddLease(args, lease);
                }

                var answer = await _tenants.WriteAsync("handback", tenant, args, cancellation);
                await _index.TellAsync(TenantNote.Read(tenant, answer[1]));
                return ReadTransitions(answer[2]);
            });

    /// <inheritdoc/>
    public async Task<TransitionResult> ReportProgressAsync(LeaseKey lease, int percent, string? message, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        var args = new List<RedisValue>(6);
        AddLease(args, lease);
        args.Add(percent);
        args.Add(message is { Length: > ProgressMessageMax } ? message[..ProgressMessageMax] : message ?? "");
        var answer = await _tenants.WriteAsync("progress", lease.Tenant, args, cancellation);
        return (long)answer[1] == 1 ? TransitionResult.Done : TransitionResult.Stale;
    }

    /// <inheritdoc/>
    public async Task<IWorkerInbox> OpenInboxAsync(string workerId, string pool, CancellationToken cancellation = default) =>
        await WorkerInbox.OpenAsync(_connection, StoreKeys.Inbox(pool, workerId), cancellation);

    /// <inheritdoc/>
    public Task HeartbeatAsync(WorkerHeartbeat heartbeat, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(heartbeat);
        var seen = heartbeat with { SeenAt = DateTimeOffset.FromUnixTimeMilliseconds(StoreNowMs) };
        return _connection.RunAsync(db => db.HashSetAsync(StoreKeys.Workers, seen.WorkerId, JsonSerializer.Serialize(seen)), write: true, cancellation);
    }

    /// <inheritdoc/>
    public Task ForgetWorkerAsync(string workerId, string pool, CancellationToken cancellation = default) =>
        _connection.RunAsync(
            async db =>
            {
                var waiting = db.SortedSetRemoveAsync(StoreKeys.Wake(pool), workerId);
                return await db.HashDeleteAsync(StoreKeys.Workers, workerId) | await waiting;
            },
            write: true,
            cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<WorkerHeartbeat>> WorkersAsync(CancellationToken cancellation = default)
    {
        var all = await _connection.RunAsync(db => db.HashGetAllAsync(StoreKeys.Workers), write: false, cancellation);
        var since = DateTimeOffset.FromUnixTimeMilliseconds(StoreNowMs - HeartbeatShownMs);
        return
        [
            .. all.Select(static e => JsonSerializer.Deserialize<WorkerHeartbeat>((string)e.Value!))
                .OfType<WorkerHeartbeat>()
                .Where(w => w.SeenAt >= since)
                .OrderBy(static w => w.WorkerId, StringComparer.Ordinal),
        ];
    }

    private static void AddLease(List<RedisValue> args, LeaseKey lease) =>
        args.AddRange([lease.Id.Value, lease.Fence.Epoch, lease.Fence.Attempt, lease.Fence.Token]);

    private static IEnumerable<TransitionResult> ReadTransitions(RedisResult results) =>
        ((RedisResult[])results!).Select(static r => (long)r == 1 ? TransitionResult.Done : TransitionResult.Stale);

    private static string EndName(AttemptEnd end) => end switch
    {
        AttemptEnd.Completed => "completed",
        AttemptEnd.Failed => "failed",
        AttemptEnd.FailedForGood => "fatal",
        _ => "cancelled",
    };

    private static async Task<IReadOnlyList<TResult>> ByTenantAsync<T, TResult>(
        IReadOnlyList<T> items, Func<T, TenantId> tenantOf, Func<TenantId, List<T>, Task<IEnumerable<TResult>>> call)
    {
        ArgumentNullException.ThrowIfNull(items);
        var places = new Dictionary<TenantId, List<int>>();
        for (var i = 0; i < items.Count; i++)
        {
            var tenant = tenantOf(items[i]);
            if (!places.TryGetValue(tenant, out var list))
            {
                places.Add(tenant, list = []);
            }

            list.Add(i);
        }

        var results = new TResult[items.Count];
        await Task.WhenAll(places.Select(async place =>
        {
            // A script runs whole: bounded, so that no tenant's batch holds the store for long.
            foreach (var chunk in place.Value.Chunk(ItemsPerScriptMax))
            {
                var answers = await call(place.Key, [.. chunk.Select(i => items[i])]);
                foreach (var (i, answer) in chunk.Zip(answers))
                {
                    results[i] = answer;
                }
            }
        }));
        return results;
    }

    private const int ItemsPerScriptMax = 200;

    private async Task<List<LeasedJob>> ClaimOneAsync(ClaimRequest request, ReadyIndex.Pick pick, CancellationToken cancellation)
    {
        var count = Math.Min(pick.Count, ItemsPerScriptMax);
        var args = new List<RedisValue>(5 + count) { request.Pool, count, request.LeaseMs, pick.OnlyIfIdle ? "1" : "0", request.WorkerId };
        for (var i = 0; i < count; i++)
        {
            args.Add(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        }

        var answer = await _tenants.WriteAsync("claim", pick.Tenant, args, cancellation);
        if ((string?)answer[0] == "gone")
        {
            // A note of a tenant that was purged since: left in the index, it would be picked for ever.
            await _index.ForgetAsync(pick.Tenant, request.Pool, cancellation);
            return [];
        }

        var told = _index.TellAsync(TenantNote.Read(pick.Tenant, answer[1]));
        var jobs = ((RedisResult[])answer[3]!).Select(r => ReadLeased(pick.Tenant, request.Pool, (RedisResult[])r!)).ToList();
        // Otherwise this worker's next pick would see the tenant as it was before this claim.
        await told;
        return jobs;
    }

    private static LeasedJob ReadLeased(TenantId tenant, string pool, RedisResult[] r) => new()
    {
        Tenant = tenant,
        Pool = pool,
        Id = JobId.Parse((string)r[0]!),
        Fence = new Fence((long)r[1], (int)r[2], (string)r[3]!),
        Type = (string)r[4]!,
        Payload = (byte[])r[5]!,
        Failures = (int)r[6],
        MaxAttempts = (int)r[7],
        TimeoutMs = (long)r[8],
        ResultBytesMax = (int)r[9],
        ErrorBytesMax = (int)r[10],
    };
}
