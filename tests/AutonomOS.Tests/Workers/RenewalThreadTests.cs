using System.Collections.Concurrent;
using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Workers;

/// <summary>Renewals whose requests arrive and whose answers do not: the one-way partition, made in front of a real store.</summary>
public abstract class RenewalThreadTests(StoreFixture store) : ConformanceTests(store)
{
    private static readonly WorkerOptions Options = new() { LeaseMs = 3000, RenewEveryMs = 100, SelfFenceMarginMs = 500 };

    [Fact]
    public async Task Renew_AnswersLost_TheLeaseIsNotExtendedBeyondTheFirstLimit()
    {
        await using var scene = await Scene.StartAsync(Store);

        scene.Renewals.LoseAnswers = true;
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = scene.Attempt.Token.Register(stopped.SetResult);
        await stopped.Task.WaitAsync(TestTenant.Bound, Ct);

        Assert.Equal(StopReason.SelfFenced, scene.Attempt.Reason);
        var unanswered = scene.Renewals.Unanswered.ToArray();
        Assert.True(unanswered.Length > 3, $"Only {unanswered.Length} renewals were sent.");
        Assert.Single(unanswered.Distinct());
        Assert.True(await scene.LeaseAsync() <= unanswered[0], "The lease reaches beyond the limit of the first unanswered renewal.");
    }

    [Fact]
    public async Task Renew_AnswersComeAgain_TheLimitMovesOn()
    {
        await using var scene = await Scene.StartAsync(Store);

        scene.Renewals.LoseAnswers = true;
        await scene.Renewals.LostAsync(2);
        scene.Renewals.LoseAnswers = false;
        var limit = scene.Renewals.Unanswered.First();
        await scene.Renewals.AnsweredBeyondAsync(limit);

        Assert.True(await scene.LeaseAsync() > limit);
        Assert.Equal(StopReason.None, scene.Attempt.Reason);
    }

    [Fact]
    public async Task Renew_LeaseGivenToAnother_TheHandlerIsToldThatItIsLost()
    {
        await using var scene = await Scene.StartAsync(Store);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = scene.Attempt.Token.Register(stopped.SetResult);

        await scene.Store.HandBackAsync([scene.Attempt.Key], Ct);
        await stopped.Task.WaitAsync(TestTenant.Bound, Ct);

        Assert.Equal(StopReason.LeaseLost, scene.Attempt.Reason);
    }

    /// <summary>One running attempt, its renewals and its fence.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly StoreConnection _connection;
        private readonly RenewalThread _thread;
        private readonly SelfFenceThread _fence;

        private Scene(StoreConnection connection, RedisJobStore store, RunningAttempt attempt)
        {
            _connection = connection;
            Store = store;
            Attempt = attempt;
            Renewals = new LosingAnswers(store);
            var running = new RunningAttempts(TimeProvider.System);
            running.Add(attempt);
            var metrics = new WorkerMetrics("renewals");
            _thread = new RenewalThread(Renewals, running, Options, metrics, new Jitter(1), TimeProvider.System, NullLogger.Instance);
            _fence = new SelfFenceThread(running, Options, metrics, TimeProvider.System, NullLogger.Instance);
            _fence.Start();
            _thread.Start();
        }

        public RedisJobStore Store { get; }

        public RunningAttempt Attempt { get; }

        public LosingAnswers Renewals { get; }

        public static async Task<Scene> StartAsync(StoreFixture fixture)
        {
            var connection = await fixture.ConnectAsync(options => options with { Blocking = true });
            var store = new RedisJobStore(connection, TimeProvider.System);
            var pool = $"p{Guid.NewGuid():N}"[..12];
            var settings = new TenantSettings { Id = TenantId.Parse($"t-{pool}"), Epoch = 1 };
            await store.ApplyTenantAsync(settings, Ct);
            await store.SubmitAsync(settings.Id, 1, [new JobSubmission { Id = JobId.New(TimeProvider.System), Type = "x", Pool = pool }], Ct);
            var sentAt = TimeProvider.System.GetTimestamp();
            var claimed = await store.ClaimAsync(new ClaimRequest { Pool = pool, WorkerId = "w", Slots = 1, LeaseMs = Options.LeaseMs }, Ct);
            return new Scene(connection, store, new RunningAttempt(Assert.Single(claimed.Jobs), sentAt, new HandlerStopper(NullLogger.Instance)));
        }

        public async Task<double> LeaseAsync() =>
            await _connection.Database.SortedSetScoreAsync(StoreKeys.Semaphore(Attempt.Job.Tenant), Attempt.Job.Id.Value) ?? 0;

        public async ValueTask DisposeAsync()
        {
            _thread.Dispose();
            _fence.Dispose();
            Attempt.Dispose();
            Renewals.Dispose();
            await Store.DisposeAsync();
        }
    }

    /// <summary>A store whose answers to renewals can be lost on the way back; everything it is asked arrives.</summary>
    private sealed class LosingAnswers(RedisJobStore store) : IWorkStore, IDisposable
    {
        private readonly ConcurrentQueue<long> _answered = new();
        private readonly SemaphoreSlim _called = new(0);

        public bool LoseAnswers { get; set; }

        public ConcurrentQueue<long> Unanswered { get; } = new();

        public long StoreNowMs => store.StoreNowMs;

        public async Task<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<Renewal> renewals, int leaseMs, CancellationToken cancellation = default)
        {
            var lose = LoseAnswers;
            var results = await store.RenewAsync(renewals, leaseMs, cancellation);
            (lose ? Unanswered : _answered).Enqueue(renewals[0].NotAfter);
            _called.Release();
            return lose ? throw new OutcomeUnknownException() : results;
        }

        public void Dispose() => _called.Dispose();

        public Task LostAsync(int count) => UntilAsync(() => Unanswered.Count >= count);

        public Task AnsweredBeyondAsync(long limit) => UntilAsync(() => _answered.Any(notAfter => notAfter > limit));

        public Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellation = default) => throw new NotSupportedException();

        public Task<IReadOnlyList<TransitionResult>> SettleAsync(IReadOnlyList<Settlement> settlements, CancellationToken cancellation = default) => throw new NotSupportedException();

        public Task<IReadOnlyList<TransitionResult>> HandBackAsync(IReadOnlyList<LeaseKey> leases, CancellationToken cancellation = default) => throw new NotSupportedException();

        public Task<TransitionResult> ReportProgressAsync(LeaseKey lease, int percent, string? message, CancellationToken cancellation = default) => throw new NotSupportedException();

        public Task<IWorkerInbox> OpenInboxAsync(string workerId, string pool, CancellationToken cancellation = default) => throw new NotSupportedException();

        public Task HeartbeatAsync(WorkerHeartbeat heartbeat, CancellationToken cancellation = default) => throw new NotSupportedException();

        public Task ForgetWorkerAsync(string workerId, string pool, CancellationToken cancellation = default) => throw new NotSupportedException();

        public Task<IReadOnlyList<WorkerHeartbeat>> WorkersAsync(CancellationToken cancellation = default) => throw new NotSupportedException();

        private async Task UntilAsync(Func<bool> condition)
        {
            while (!condition())
            {
                Assert.True(await _called.WaitAsync(TestTenant.Bound, Ct), "No more renewals came.");
            }
        }
    }
}

public sealed class EmbeddedRenewalThreadTests(EmbeddedFixture store) : RenewalThreadTests(store), IClassFixture<EmbeddedFixture>;

public sealed class RedisRenewalThreadTests(RedisFixture store) : RenewalThreadTests(store), IClassFixture<RedisFixture>;
