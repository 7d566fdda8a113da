using System.Security.Cryptography;
using AutonomOS.Jobs;
using AutonomOS.Scheduling;
using AutonomOS.Tenants;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>
/// The store on anything that speaks the Redis protocol: Redis 7, Valkey, Garnet, Redis Cluster. Thread-safe. One
/// instance a process is enough; a worker's renewals use a second one on a connection of its own.
/// </summary>
/// <remarks>
/// Everything that decides anything is a Lua script under <c>Storage/Scripts</c>: each file's head says its keys, its
/// arguments and what a crash after any line leaves. This class turns typed calls into scripts, groups batches by tenant
/// and carries the notes of tenants to the pools' ready indexes.
/// </remarks>
public sealed partial class RedisJobStore : IJobStore, IWorkStore, IAsyncDisposable
{
    /// <summary>How long an idempotency key is kept, in milliseconds, where the tenant's retention is not shorter: 24 h.</summary>
    public const long IdempotencyTtlMs = 24L * 3600 * 1000;

    /// <summary>The most jobs one page looks at.</summary>
    public const int ListLookMax = 2000;

    private readonly StoreConnection _connection;
    private readonly TenantScripts _tenants;
    private readonly ReadyIndex _index;

    /// <summary>Uses a connection, which stays the caller's to dispose of.</summary>
    /// <param name="connection">To the store.</param>
    /// <param name="time">Clock for waits.</param>
    /// <param name="scripts">The scripts; those shipped unless a test says otherwise.</param>
    /// <param name="logger">Told of what heals itself.</param>
    public RedisJobStore(StoreConnection connection, TimeProvider time, ScriptCatalog? scripts = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(time);
        _connection = connection;
        _tenants = new TenantScripts(connection, scripts ?? ScriptCatalog.Shipped);
        _index = new ReadyIndex(_tenants, scripts ?? ScriptCatalog.Shipped, time, logger ?? NullLogger.Instance);
    }

    /// <inheritdoc/>
    public long StoreNowMs => _connection.NowMs;

    /// <inheritdoc/>
    public async Task ApplyTenantAsync(TenantSettings settings, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Status is TenantStatus.Active or TenantStatus.Suspended)
        {
            // One on its way out is on the schedule already, or gone from it for good.
            await _connection.RunAsync(db => db.SortedSetAddAsync(StoreKeys.Tenants, settings.Id.Value, 0, When.NotExists), write: true, cancellation);
        }

        var limits = settings.Limits;
        var answer = await _tenants.WriteAsync(
            "tenant",
            settings.Id,
            [
                settings.Epoch, settings.Version, StatusName(settings.Status), settings.Weight, limits.MaxConcurrent, limits.MaxQueued,
                limits.PayloadBytesMax, limits.ResultBytesMax, limits.ErrorBytesMax, limits.TotalPayloadBytesMax, limits.RetentionSeconds,
            ],
            cancellation);
        await _index.TellAsync(TenantNote.Read(settings.Id, answer[2]));
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SubmitResult>> SubmitAsync(TenantId tenant, long epoch, IReadOnlyList<JobSubmission> jobs, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        if (jobs.Count is 0 or > JobSubmissionRules.BatchMax)
        {
            throw new ArgumentException($"A batch has 1 to {JobSubmissionRules.BatchMax} jobs; this one has {jobs.Count}.", nameof(jobs));
        }

        var args = new List<RedisValue>(4 + (jobs.Count * 10)) { epoch, IdempotencyTtlMs, jobs.Count, TenantLimits.PoolsMax };
        foreach (var job in jobs)
        {
            if (JobSubmissionRules.Violation(job) is { } wrong)
            {
                throw new ArgumentException(wrong, nameof(jobs));
            }

            args.AddRange(
            [
                job.Id.Value, job.Type, job.Pool, job.Priority, job.DelayMs, job.MaxAttempts, job.TimeoutMs,
                job.IdempotencyKey ?? "", job.IdempotencyKey is null ? "" : Digest(job), job.Payload,
            ]);
        }

        var answer = await _tenants.WriteAsync("submit", tenant, args, cancellation);
        await _index.TellAsync(TenantNote.Read(tenant, answer[2]));
        await BringForwardAsync(tenant, (long)answer[1]);
        var results = (RedisResult[])answer[3]!;
        return [.. results.Select(r => ReadSubmit((RedisResult[])r!))];
    }

    /// <inheritdoc/>
    public async Task<JobSnapshot?> GetAsync(TenantId tenant, JobId id, CancellationToken cancellation = default)
    {
        var answer = await _tenants.ReadAsync("get", tenant, [id.Value], cancellation);
        if (answer.Length == 0)
        {
            return null;
        }

        var position = (int)answer[1];
        return JobFields.Read(id, (RedisResult[])answer[0]!) with
        {
            QueuePosition = position < 0 ? null : position,
            Waiting = JobFields.Waiting((string)answer[2]!),
        };
    }

    /// <inheritdoc/>
    public async Task<JobPage> ListAsync(TenantId tenant, JobState? state, string? cursor, int count, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 200);
        if (cursor is not null && (cursor.Length is 0 or > 16 || cursor.AsSpan().ContainsAnyExceptInRange('0', '9')))
        {
            throw new FormatException("The cursor is not one that a page handed out.");
        }

        var answer = await _tenants.ReadAsync(
            "list", tenant, [cursor ?? "+inf", state is { } wanted ? JobFields.Name(wanted) : "", count, ListLookMax], cancellation);
        var rows = (RedisResult[])answer[1]!;
        var next = (string?)answer[0];
        return new JobPage(
            [.. rows.Select(r => (RedisResult[])r!).Select(r => JobFields.Read(JobId.Parse((string)r[0]!), (RedisResult[])r[1]!))],
            string.IsNullOrEmpty(next) ? null : next);
    }

    /// <inheritdoc/>
    public async Task<CancelResult> CancelAsync(TenantId tenant, JobId id, CancellationToken cancellation = default)
    {
        var answer = await _tenants.WriteAsync("cancel", tenant, [id.Value], cancellation);
        switch ((string?)answer[1])
        {
            case "cancelled":
                await _index.TellAsync(TenantNote.Read(tenant, answer[4]));
                return CancelResult.Cancelled;
            case "requested":
                // A hint only: the next renewal brings the request if this message is lost.
                await _connection.Subscriber.PublishAsync(
                    RedisChannel.Literal(StoreKeys.Inbox((string)answer[3]!, (string)answer[2]!)),
                    $"cancel {tenant.Value} {id.Value}",
                    CommandFlags.FireAndForget);
                return CancelResult.Requested;
            case "final":
                return CancelResult.AlreadyFinal;
            default:
                return CancelResult.NotFound;
        }
    }

    /// <inheritdoc/>
    public async Task<RetryResult> RetryAsync(TenantId tenant, JobId id, CancellationToken cancellation = default)
    {
        var answer = await _tenants.WriteAsync("retry", tenant, [id.Value], cancellation);
        await _index.TellAsync(TenantNote.Read(tenant, answer[4]));
        var status = (string?)answer[1] switch
        {
            "ok" => RetryStatus.Accepted,
            "quota" => RetryStatus.QuotaExceeded,
            "refused" => RetryStatus.NotRetryable,
            "inactive" => RetryStatus.TenantNotActive,
            _ => RetryStatus.NotFound,
        };
        return new RetryResult(status, (long)answer[2], (long)answer[3]);
    }

    /// <inheritdoc/>
    public async Task<TenantUsage?> UsageAsync(TenantId tenant, CancellationToken cancellation = default)
    {
        var answer = await _tenants.ReadAsync("usage", tenant, [], cancellation);
        if (answer.Length == 0)
        {
            return null;
        }

        var s = (RedisResult[])answer[0]!;
        var settings = new TenantSettings
        {
            Id = tenant,
            Epoch = (long)s[0],
            Version = (long)s[1],
            Status = Enum.Parse<TenantStatus>((string)s[2]!, ignoreCase: true),
            Weight = (int)s[3],
            Limits = new TenantLimits
            {
                MaxConcurrent = (int)s[4],
                MaxQueued = (int)s[5],
                PayloadBytesMax = (int)s[6],
                ResultBytesMax = (int)s[7],
                ErrorBytesMax = (int)s[8],
                TotalPayloadBytesMax = (long)s[9],
                RetentionSeconds = (int)s[10],
            },
        };
        return new TenantUsage(
            settings, (int)answer[1], (int)answer[2], (int)answer[3], (long)answer[4], (long)answer[5] / 1000, (int)answer[6]);
    }

    /// <inheritdoc/>
    public async Task<IJobEventStream> SubscribeAsync(TenantId tenant, long epoch, CancellationToken cancellation = default) =>
        await JobEventStream.OpenAsync(_connection, StoreKeys.Progress(tenant, epoch), cancellation);

    /// <inheritdoc/>
    public Task<TimeSpan> PingAsync(CancellationToken cancellation = default) =>
        _connection.RunAsync(db => db.PingAsync(), write: false, cancellation);

    /// <summary>Stops carrying notes; those under way are given up.</summary>
    public ValueTask DisposeAsync() => _index.DisposeAsync();

    private static string StatusName(TenantStatus status) => status switch
    {
        TenantStatus.Active => "active",
        TenantStatus.Suspended => "suspended",
        TenantStatus.Deleting => "deleting",
        _ => "deleted",
    };

    private static SubmitResult ReadSubmit(RedisResult[] r) => new(
        (string?)r[0] switch
        {
            "ok" => SubmitStatus.Accepted,
            "replayed" => SubmitStatus.Replayed,
            "conflict" => SubmitStatus.IdempotencyConflict,
            "quota" => SubmitStatus.QuotaExceeded,
            "large" => SubmitStatus.PayloadTooLarge,
            "bytes" => SubmitStatus.BytesExceeded,
            "pools" => SubmitStatus.TooManyPools,
            "suspended" => SubmitStatus.TenantSuspended,
            "gone" => SubmitStatus.TenantGone,
            var other => throw new InvalidOperationException($"The submit script answered '{other}', which this version does not know."),
        },
        JobId.Parse((string)r[1]!),
        (long)r[2],
        (long)r[3]);

    /// <summary>What makes two submissions under one idempotency key the same: everything but the id.</summary>
    private static string Digest(JobSubmission job)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(
            FormattableString.Invariant($"{job.Type}\n{job.Pool}\n{job.Priority}\n{job.DelayMs}\n{job.MaxAttempts}\n{job.TimeoutMs}\n")));
        hash.AppendData(job.Payload.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    /// <summary>Has the reconciler visit the tenant no later than <paramref name="dueMs"/>. A hint: without it the visit comes with the audit interval.</summary>
    private async Task BringForwardAsync(TenantId tenant, long dueMs)
    {
        if (dueMs <= 0)
        {
            return;
        }

        try
        {
            await _connection.RunAsync(
                db => db.SortedSetAddAsync(StoreKeys.Tenants, tenant.Value, dueMs, SortedSetWhen.LessThan), write: true);
        }
        catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException)
        {
            // What was asked for is done; only the hint is lost.
        }
    }
}
