using System.Diagnostics;
using AutonomOS.Embedded;
using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Conformance;

/// <summary>A store that is away, paused, or comes back: every call ends with a typed error before its deadline, and what was answered with an error never runs later.</summary>
public sealed class OutageTests
{
    private const int DeadlineMs = 400;

    /// <summary>What a machine that is busy with other tests may add to a deadline, in milliseconds.</summary>
    private const int MarginMs = 600;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PausedStore_EveryCall_EndsWithATypedErrorInTimeAndNoLateSubmissionRuns()
    {
        RedisServer.Need();
        using var server = await RedisServer.StartAsync();
        await using var connection = await ConnectAsync(server.Options);
        var store = new RedisJobStore(connection, TimeProvider.System);
        var tenant = await TenantAsync(store);
        await store.SubmitAsync(tenant, 1, [Job(), Job()], Ct);
        var job = Assert.Single((await store.ClaimAsync(Claim(1), Ct)).Jobs);
        var lease = LeaseKey.Of(job);
        var late = Job();

        await server.PauseAsync();
        try
        {
            // At once: the client gives a silent connection up after a while, and then says that it is gone.
            await Task.WhenAll(
                InTimeAsync<OutcomeUnknownException>(() => store.SubmitAsync(tenant, 1, [late], Ct)),
                InTimeAsync<OutcomeUnknownException>(() => store.ApplyTenantAsync(Settings(tenant) with { Version = 2, Weight = 7 }, Ct)),
                InTimeAsync<OutcomeUnknownException>(() => store.ClaimAsync(Claim(1), Ct)),
                InTimeAsync<OutcomeUnknownException>(() => store.RenewAsync([new(lease, long.MaxValue / 4)], 60_000, Ct)),
                InTimeAsync<OutcomeUnknownException>(() => store.SettleAsync([new(lease, AttemptEnd.Completed)], Ct)),
                InTimeAsync<OutcomeUnknownException>(() => store.HandBackAsync([lease], Ct)),
                InTimeAsync<OutcomeUnknownException>(() => store.ReportProgressAsync(lease, 5, null, Ct)),
                InTimeAsync<OutcomeUnknownException>(() => store.CancelAsync(tenant, job.Id, Ct)),
                InTimeAsync<OutcomeUnknownException>(() => store.RetryAsync(tenant, job.Id, Ct)),
                InTimeAsync<StoreUnavailableException>(() => store.GetAsync(tenant, job.Id, Ct)),
                InTimeAsync<StoreUnavailableException>(() => store.ListAsync(tenant, null, null, 10, Ct)),
                InTimeAsync<StoreUnavailableException>(() => store.UsageAsync(tenant, Ct)),
                InTimeAsync<StoreUnavailableException>(() => store.PingAsync(Ct)),
                InTimeAsync<StoreUnavailableException>(() => store.SubscribeAsync(tenant, 1, Ct)),
                InTimeAsync<StoreUnavailableException>(() => store.OpenInboxAsync("w", "default", Ct)));
        }
        finally
        {
            await server.ResumeAsync();
        }

        // What was sent meanwhile arrives now, each beyond its deadline.
        await UntilAsync(async () =>
        {
            try
            {
                return await store.UsageAsync(tenant, Ct) is not null;
            }
            catch (StoreUnavailableException)
            {
                return false;
            }
        });
        Assert.Null(await store.GetAsync(tenant, late.Id, Ct));
        var usage = (await store.UsageAsync(tenant, Ct))!;
        Assert.Equal((1, 1, 1), (usage.Running, usage.Queued, usage.Settings.Weight));
        Assert.Equal(JobState.Running, (await store.GetAsync(tenant, job.Id, Ct))!.State);
        Assert.Equal(TransitionResult.Done, (await store.SettleAsync([new(lease, AttemptEnd.Completed)], Ct))[0]);
    }

    [Fact]
    public async Task KilledStore_CallsFailFastAndItIsFoundAgain()
    {
        RedisServer.Need();
        using var server = await RedisServer.StartAsync();
        await using var connection = await ConnectAsync(server.Options);
        var store = new RedisJobStore(connection, TimeProvider.System);
        var tenant = await TenantAsync(store);
        await using var inbox = await store.OpenInboxAsync("w", "default", Ct);
        await using var events = await store.SubscribeAsync(tenant, 1, Ct);

        server.Kill();
        await GoneAsync(connection);
        await AwayAsync(store, tenant);

        var watch = Stopwatch.StartNew();
        await server.RestartAsync();
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        bound.CancelAfter(Soon);
        while (await inbox.Signals.ReadAsync(bound.Token) is not WorkerSignal.Reconnected)
        {
        }

        Assert.InRange(watch.ElapsedMilliseconds, 0, 3000);
        await store.ApplyTenantAsync(Settings(tenant), Ct);
        // The server is a new one: neither scripts nor subscriptions are there of themselves.
        var job = Job();
        Assert.Equal(SubmitStatus.Accepted, (await store.SubmitAsync(tenant, 1, [job], Ct))[0].Status);
        Assert.Equal(job.Id, Assert.Single((await store.ClaimAsync(Claim(1), Ct)).Jobs).Id);
        await foreach (var happened in events.ReadAsync(bound.Token))
        {
            Assert.Equal(job.Id, happened.Id);
            break;
        }
    }

    [Fact]
    public async Task EmbeddedStoreStopped_CallsFailFastAndItIsFoundAgain()
    {
        using var directory = new TempDirectory();
        var options = new EmbeddedStoreOptions { SocketPath = directory.File("s"), DataDirectory = directory.File("data") };
        var embedded = await EmbeddedStore.StartAsync(options, cancellation: Ct);
        await using var connection = await ConnectAsync(embedded.Connection);
        var store = new RedisJobStore(connection, TimeProvider.System);
        var tenant = await TenantAsync(store);
        var job = Job();
        await store.SubmitAsync(tenant, 1, [job], Ct);
        var back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Reconnected += () => back.TrySetResult();

        await embedded.DisposeAsync();
        await GoneAsync(connection);
        await AwayAsync(store, tenant);

        embedded = await EmbeddedStore.StartAsync(options, cancellation: Ct);
        await using var stop = embedded;
        await back.Task.WaitAsync(Soon, Ct);
        Assert.Equal(job.Id, Assert.Single((await store.ClaimAsync(Claim(1), Ct)).Jobs).Id);
    }

    [Fact]
    public async Task StoreThatComesLate_IsFoundByAConnectionThatWaits()
    {
        using var directory = new TempDirectory();
        var options = new EmbeddedStoreOptions { SocketPath = directory.File("s") };
        await using var connection = await ConnectAsync(new() { Endpoint = "unix:" + options.SocketPath });
        var found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Reconnected += () => found.TrySetResult();
        Assert.False(connection.IsConnected);
        await AwayAsync(new RedisJobStore(connection, TimeProvider.System), TenantId.Parse("t"));

        await using var embedded = await EmbeddedStore.StartAsync(options, cancellation: Ct);

        await found.Task.WaitAsync(Soon, Ct);
        Assert.Equal("garnet", connection.ServerKind);
        Assert.InRange(Math.Abs(connection.NowMs - TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()), 0, 100);
        await TenantAsync(new RedisJobStore(connection, TimeProvider.System));
    }

    [Theory]
    [InlineData("nonsense:99999999")]
    [InlineData("a,b")]
    [InlineData("")]
    [InlineData("unix:")]
    public async Task ConnectAsync_NoSuchKindOfEndpoint_SaysWhatIsExpected(string endpoint) =>
        await Assert.ThrowsAsync<FormatException>(() => ConnectAsync(new() { Endpoint = endpoint }));

    private static Task<StoreConnection> ConnectAsync(StoreOptions options) =>
        StoreConnection.ConnectAsync(options with { DeadlineMs = DeadlineMs }, TimeProvider.System, NullLogger.Instance, Ct);

    private static TenantSettings Settings(TenantId tenant) => new() { Id = tenant, Epoch = 1 };

    private static async Task<TenantId> TenantAsync(RedisJobStore store)
    {
        var tenant = TenantId.Parse("t");
        await store.ApplyTenantAsync(Settings(tenant), Ct);
        return tenant;
    }

    private static JobSubmission Job() => new() { Id = JobId.New(TimeProvider.System), Type = "test" };

    private static ClaimRequest Claim(int slots) => new() { Pool = "default", WorkerId = "w", Slots = slots, LeaseMs = 60_000 };

    private static async Task AwayAsync(RedisJobStore store, TenantId tenant)
    {
        await InTimeAsync<StoreUnavailableException>(() => store.SubmitAsync(tenant, 1, [Job()], Ct), DeadlineMs / 2);
        await InTimeAsync<StoreUnavailableException>(() => store.ClaimAsync(Claim(1), Ct), DeadlineMs / 2);
        await InTimeAsync<StoreUnavailableException>(() => store.GetAsync(tenant, JobId.New(TimeProvider.System), Ct), DeadlineMs / 2);
        await InTimeAsync<StoreUnavailableException>(() => store.PingAsync(Ct), DeadlineMs / 2);
        await InTimeAsync<StoreUnavailableException>(() => store.OpenInboxAsync("w2", "default", Ct));
    }

    private static async Task GoneAsync(StoreConnection connection) => await UntilAsync(() => Task.FromResult(!connection.IsConnected));

    private static async Task InTimeAsync<TError>(Func<Task> call, int deadlineMs = DeadlineMs)
        where TError : Exception
    {
        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAsync<TError>(call);
        Assert.InRange(watch.ElapsedMilliseconds, 0, deadlineMs + MarginMs);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var watch = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(watch.Elapsed < Soon, "Still not so.");
            await Task.Delay(10, Ct);
        }
    }
}
