using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>
/// Cancels each attempt whose lease was not surely kept, a margin before the lease would lapse: so a worker that is cut
/// off has stopped by the time another may start its jobs, and the tenant's limit holds, for handlers that honour
/// cancellation. It looks at a clock and nothing else, and needs neither the store nor the thread pool.
/// </summary>
/// <remarks>The clock is monotonic and runs on while the process is stopped (SIGSTOP), so a process that wakes too late fences itself first thing.</remarks>
internal sealed class SelfFenceThread : IDisposable
{
    private readonly RunningAttempts _running;
    private readonly WorkerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TimeSpan _trusted;
    private readonly TimeSpan _lookEvery;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _stop = new();

    public SelfFenceThread(RunningAttempts running, WorkerOptions options, WorkerMetrics metrics, TimeProvider time, ILogger logger)
    {
        _running = running;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _trusted = Trusted(options);
        _lookEvery = TimeSpan.FromMilliseconds(Math.Clamp(options.SelfFenceMarginMs / 4, 5, 200));
        _thread = new Thread(Run) { IsBackground = true, Name = "autonomos-fence", Priority = ThreadPriority.AboveNormal };
    }

    /// <summary>How long after it was sent a claim or renewal is relied on.</summary>
    public static TimeSpan Trusted(WorkerOptions options) => TimeSpan.FromMilliseconds(options.LeaseMs - options.SelfFenceMarginMs);

    public void Start() => _thread.Start();

    public void Dispose()
    {
        _stop.Set();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted) || _thread.Join(TimeSpan.FromSeconds(5)))
        {
            _stop.Dispose();
        }
    }

    private void Run()
    {
        TimeSpan pause;
        do
        {
            pause = _lookEvery;
            foreach (var attempt in _running.All)
            {
                var left = _trusted - _time.GetElapsedTime(attempt.SentAt);
                if (left > TimeSpan.Zero)
                {
                    pause = left < pause ? left : pause;
                }
                else if (attempt.Stop(StopReason.SelfFenced))
                {
                    _metrics.SelfFenced();
                    _logger.LogWarning("The lease of job {Job} of tenant {Tenant} could not be renewed in time; its handler is cancelled.", attempt.Job.Id, attempt.Job.Tenant);
                }
            }
        }
        while (!_stop.Wait(pause));
    }
}
