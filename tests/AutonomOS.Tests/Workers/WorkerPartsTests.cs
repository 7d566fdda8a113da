using System.Text;
using AutonomOS.Storage;
using AutonomOS.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AutonomOS.Tests.Workers;

/// <summary>The parts of a worker that decide without a store.</summary>
public sealed class WorkerPartsTests
{
    [Theory]
    [InlineData("abcdef", 3, "abc")]
    [InlineData("abc", 3, "abc")]
    [InlineData("äöü", 3, "ä")]
    [InlineData("a😀b", 4, "a")]
    [InlineData("a😀b", 5, "a😀")]
    [InlineData("a\ud83d", 4, "a\ufffd")]
    [InlineData("", 3, "")]
    public void Cut_TextOfAnyWidth_NeverHalvesACharacter(string text, int bytesMax, string expected)
    {
        var cut = ErrorText.Cut(text, bytesMax);

        Assert.Equal(expected, cut);
        Assert.True(Encoding.UTF8.GetByteCount(cut) <= bytesMax);
    }

    [Fact]
    public void Of_Exceptions_MessageOnly()
    {
        Assert.Equal("inner", ErrorText.Of(new AggregateException(new InvalidOperationException("inner")), 100));
        Assert.Equal("The handler failed without a message.", ErrorText.Of(new InvalidOperationException(" "), 100));
    }

    [Fact]
    public void DelayMs_ManyFailures_FullJitterUpToTheCap()
    {
        var backoff = new RetryBackoff(1000, 300_000, new Jitter(7));
        Assert.Equal([1000, 2000, 4000, 8000, 300_000, 300_000], new[] { 0, 1, 2, 3, 9, 100 }.Select(backoff.LongestMs));

        var drawn = Enumerable.Range(0, 2000).Select(_ => backoff.DelayMs(3)).ToList();
        Assert.All(drawn, delay => Assert.InRange(delay, 0, 8000));
        Assert.True(drawn.Min() < 400 && drawn.Max() > 7600, "The jitter does not use the whole range.");
    }

    [Fact]
    public void Pause_SameSeed_SamePauses()
    {
        var one = new Jitter(5);
        var two = new Jitter(5);
        Assert.Equal(Enumerable.Range(1, 50).Select(i => one.PauseAfter(i)), Enumerable.Range(1, 50).Select(i => two.PauseAfter(i)));
        Assert.All(Enumerable.Range(1, 200), i => Assert.InRange(one.PauseAfter(i).TotalMilliseconds, 12, 1000));
    }

    [Fact]
    public async Task WaitAsync_SetBefore_ReturnsAtOnceAndOnce()
    {
        var signal = new AsyncSignal(TimeProvider.System);
        signal.Set();
        signal.Set();

        Assert.True(await signal.WaitAsync(TestTenant.Bound, TestContext.Current.CancellationToken));
        Assert.False(await signal.WaitAsync(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task WaitAsync_SetAtTheEndOfTheBound_IsNeverLost()
    {
        // Either this wait sees the signal or the next one does.
        for (var i = 0; i < 300; i++)
        {
            var signal = new AsyncSignal(TimeProvider.System);
            var waiting = signal.WaitAsync(TimeSpan.FromMilliseconds(1), CancellationToken.None);
            var setting = Task.Run(signal.Set, TestContext.Current.CancellationToken);
            var first = await waiting;
            await setting;
            Assert.True(first || await signal.WaitAsync(TimeSpan.FromMilliseconds(1), CancellationToken.None), $"Lost in round {i}.");
        }
    }

    [Fact]
    public async Task Stop_CallbacksThatBlock_DoNotHoldUpOthers()
    {
        var stopper = new HandlerStopper(NullLogger.Instance);
        using var block = new ManualResetEventSlim();
        using var blocked = new CancellationTokenSource();
        using var throwing = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        blocked.Token.Register(() => block.Wait(TestTenant.Bound));
        throwing.Token.Register(() => throw new InvalidOperationException("callback"));
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        other.Token.Register(stopped.SetResult);

        stopper.Stop(blocked);
        stopper.Stop(throwing);
        stopper.Stop(other);

        await stopped.Task.WaitAsync(TestTenant.Bound, TestContext.Current.CancellationToken);
        block.Set();
    }

    [Fact]
    public void AddAutonomOSWorker_WrongOptions_EachIsNamed()
    {
        var services = new ServiceCollection();

        var error = Assert.Throws<OptionsValidationException>(() => services.AddAutonomOSWorker(w => w.Slots = 0));
        Assert.Contains(error.Failures, failure => failure.Contains("Store", StringComparison.Ordinal));
        Assert.Contains(error.Failures, failure => failure.Contains("Slots", StringComparison.Ordinal));
        Assert.Empty(services);

        Refused(w => w.Pool = "a b", "Pool has");
        Refused(w => w.Reserve = 10, "Reserve must be less");
        Refused(w => w.LeaseMs = 5000, "LeaseMs must hold");
        Refused(w => w.BackoffCapMs = 10, "BackoffCapMs must not");
        Refused(w => w.Store = new StoreOptions { Endpoint = "a,b" }, "is not a store");
        Refused(w => w.Store = new StoreOptions { Endpoint = "localhost", DeadlineMs = 1 }, "DeadlineMs");
        Refused(w => w.Handlers.Clear(), "no handler");

        static void Refused(Action<WorkerOptions> change, string why)
        {
            var services = new ServiceCollection();
            services.AddAutonomOSWorker(Right);
            var error = Assert.Throws<OptionsValidationException>(() => services.AddAutonomOSWorker(w =>
            {
                Right(w);
                change(w);
            }));
            Assert.Contains(why, Assert.Single(error.Failures), StringComparison.Ordinal);
        }

        static void Right(WorkerOptions w)
        {
            w.Store = new StoreOptions { Endpoint = "localhost" };
            w.Handle("x", (_, _) => Task.CompletedTask);
        }
    }

    [Fact]
    public async Task AddAutonomOSWorker_Twice_TwoWorkersAndTheLongerShutdown()
    {
        var services = new ServiceCollection();
        foreach (var grace in new[] { 60_000, 1000 })
        {
            services.AddAutonomOSWorker(w =>
            {
                w.Store = new StoreOptions { Endpoint = "localhost" };
                w.DrainGraceMs = grace;
                w.Handle("x", (_, _) => Task.CompletedTask);
            });
        }

        await using var provider = services.BuildServiceProvider();
        Assert.Equal(2, provider.GetServices<IHostedService>().Count());
        Assert.Equal(TimeSpan.FromMilliseconds(60_000 + 5000 + WorkerServiceCollectionExtensions.ShutdownReserveMs), provider.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }

    [Fact]
    public void Handle_TypeTwiceOrNotAType_Refused()
    {
        var options = new WorkerOptions();
        options.Handle("x", (_, _) => Task.CompletedTask);

        Assert.Throws<ArgumentException>(() => options.Handle("x", (_, _) => Task.CompletedTask));
        Assert.Throws<ArgumentException>(() => options.Handle("x\n", (_, _) => Task.CompletedTask));
    }
}
