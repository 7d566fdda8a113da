using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>
/// One worker: the parts and how they hang together. Jobs flow one way: <see cref="ClaimLoop"/> →
/// <see cref="RunningAttempts"/> → <see cref="AttemptRunner"/> → <see cref="SettlementWriter"/>; beside that
/// <see cref="RenewalThread"/> keeps the leases and <see cref="SelfFenceThread"/> watches the clock.
/// </summary>
internal sealed class WorkerRuntime : IAsyncDisposable
{
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WorkerStores _stores;
    private readonly RunningAttempts _running;
    private readonly UnknownTypes _unknown;
    private readonly SettlementWriter _writer;
    private readonly ClaimLoop _claims;
    private readonly InboxLoop _inbox;
    private readonly Heartbeats _heartbeats;
    private readonly RenewalThread _renewals;
    private readonly SelfFenceThread _selfFence;
    private readonly CancellationTokenSource _stopClaiming = new();
    private readonly CancellationTokenSource _stopWriting = new();
    private readonly CancellationTokenSource _stopRest = new();
    private Task _claiming = Task.CompletedTask;
    private Task _writing = Task.CompletedTask;
    private Task _rest = Task.CompletedTask;
    private bool _stopped;

    private WorkerRuntime(string workerId, WorkerStores stores, WorkerOptions options, IServiceScopeFactory scopes, TimeProvider time, ILogger logger)
    {
        WorkerId = workerId;
        _stores = stores;
        _options = options;
        _time = time;
        _logger = logger;
        var jitter = new Jitter(options.Seed ?? workerId.GetHashCode(StringComparison.Ordinal));
        var metrics = new WorkerMetrics(options.Pool);
        var stopper = new HandlerStopper(logger);
        _running = new RunningAttempts(time);
        _writer = new SettlementWriter(stores.Work, jitter, metrics, time, logger);
        _unknown = new UnknownTypes(_writer, options, jitter, metrics, time, logger);
        var runner = new AttemptRunner(stores.Work, scopes, _running, _writer, new RetryBackoff(options.BackoffBaseMs, options.BackoffCapMs, jitter), options, metrics, time, logger);
        _claims = new ClaimLoop(stores.Work, workerId, _running, stopper, _writer, _unknown, runner, options, jitter, metrics, time, logger);
        _inbox = new InboxLoop(stores.Work, workerId, _claims, _writer, _running, options, jitter, time, logger);
        _heartbeats = new Heartbeats(stores.Work, workerId, _running, options, time, logger);
        _renewals = new RenewalThread(stores.Renewals, _running, options, metrics, jitter, time, logger);
        _selfFence = new SelfFenceThread(_running, options, metrics, time, logger);
        _running.SlotFreed += _claims.Look;
        _writer.CaughtUp += _claims.Look;
        _unknown.Returned += _claims.Look;
        logger.LogInformation(
            "Worker {Worker} works for pool {Pool} of {Store} with {Slots} slots (jitter seed {Seed}).", workerId, options.Pool, options.Store, options.Slots, jitter.Seed);
    }

    public string WorkerId { get; }

    /// <summary>Connects and starts. When the store is away it starts all the same, and works when the store comes.</summary>
    public static async Task<WorkerRuntime> StartAsync(WorkerOptions options, IServiceScopeFactory scopes, TimeProvider time, ILogger logger, CancellationToken cancellation)
    {
        var workerId = WorkerName.New();
        var stores = await WorkerStores.OpenAsync(options.Store!, workerId, time, logger, cancellation);
        var runtime = new WorkerRuntime(workerId, stores, options, scopes, time, logger);
        runtime.Start();
        return runtime;
    }

    /// <summary>
    /// Drains: stops claiming, lets what runs finish within <see cref="WorkerOptions.DrainGraceMs"/>, cancels and hands
    /// back the rest, leaves the pool. Ends within the two grace times and a few of the store's deadlines.
    /// </summary>
    /// <param name="hurry">Ends the grace time at once.</param>
    public async Task StopAsync(CancellationToken hurry)
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        _logger.LogInformation("Worker {Worker} stops claiming; {Count} jobs run and have {Grace} ms to finish.", WorkerId, _running.Count, _options.DrainGraceMs);
        await _stopClaiming.CancelAsync();
        await _claiming;
        _heartbeats.Draining();
        await LeaveAsync();
        await _unknown.LetGoAsync(TimeSpan.FromMilliseconds(_options.CancelGraceMs));
        if (!await _running.WaitUntilNoneAsync(TimeSpan.FromMilliseconds(_options.DrainGraceMs), hurry))
        {
            _logger.LogInformation("Worker {Worker} cancels {Count} jobs that still run; they are handed back.", WorkerId, _running.Count);
            _running.StopAll(StopReason.Draining);
            if (!await _running.WaitUntilNoneAsync(TimeSpan.FromMilliseconds(_options.CancelGraceMs), CancellationToken.None))
            {
                // Handing back what still runs would give its slot away under a live handler.
                _logger.LogWarning("Worker {Worker} leaves {Count} jobs whose handlers did not stop or whose outcomes the store did not take; their leases lapse and they run again.", WorkerId, _running.Count);
            }
        }

        _writer.Complete();
        await _stopWriting.CancelAsync();
        await _writing;
        await _stopRest.CancelAsync();
        await _rest;
        await LeaveAsync();
        _renewals.Dispose();
        _selfFence.Dispose();
        await _stores.DisposeAsync();
        _logger.LogInformation("Worker {Worker} has stopped.", WorkerId);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        _unknown.Dispose();
        _stopClaiming.Dispose();
        _stopWriting.Dispose();
        _stopRest.Dispose();
    }

    private void Start()
    {
        _selfFence.Start();
        _renewals.Start();
        _writing = Task.Run(() => _writer.RunAsync(_stopWriting.Token));
        _claiming = Task.Run(() => _claims.RunAsync(_stopClaiming.Token));
        _rest = Task.WhenAll(
            Task.Run(() => _inbox.RunAsync(_stopRest.Token)),
            Task.Run(() => _heartbeats.RunAsync(_stopRest.Token)));
    }

    /// <summary>Off the waiting list, so that nobody is woken in vain; off the display at the end.</summary>
    private async Task LeaveAsync()
    {
        try
        {
            await _stores.Work.ForgetWorkerAsync(WorkerId, _options.Pool);
        }
        catch (Exception e)
        {
            _logger.LogInformation("Worker {Worker} could not leave its pool: {Why} Its entry is forgotten in a minute.", WorkerId, e.Message);
        }
    }
}
