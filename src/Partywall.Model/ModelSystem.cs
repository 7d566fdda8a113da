using System.Globalization;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.Model;

/*
 * A multi-tenant job system that is right by construction, to have something the framework can be tried on.
 *
 * All state is behind one lock, and every change ends with Dispatch, which hands out jobs for as long as an idle worker
 * slot and a runnable tenant are left. So there is no moment at which work, a slot and a worker wait for each other, and
 * no wake-up that could be lost.
 *
 *   submit   admitted while pending + running < limit + backlog, else refused
 *   dispatch by fair shares of slot time (ModelScheduler); a tenant is runnable with a queued job and fewer slots held
 *            than its limit; where only reserved slots are idle, it must hold none
 *   settle   asks for the attempt's fence; releases the slot, then dispatches
 *
 * A planted bug is one deviation from this, at the place where it would be made; search for "PlantedBug.".
 */

/// <summary>What became of a submission.</summary>
internal sealed record Admission(ModelJob? Job, Refusal? Refusal, bool Replayed = false);

/// <summary>The system itself. Thread-safe.</summary>
internal sealed class ModelSystem(int seed, TimeProvider time, PlantedBug? bug) : IAsyncDisposable
{
    private const int AttemptsMax = 3;
    private static readonly TimeSpan RetryBackoff = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BackLate = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly List<ModelTenant> _tenants = [];
    private readonly List<ModelWorker> _workers = [];
    private readonly HashSet<Task> _bodies = [];
    private readonly HashSet<ITimer> _delays = [];
    private readonly Dictionary<string, ModelJob> _sharedIdempotency = new(StringComparer.Ordinal);
    private readonly List<string> _strayKeys = [];
    private readonly ModelScheduler _scheduler = new(time, bug);
    private long _sequence;
    private long _claims;
    private bool _stopping;
    private string? _latestResult;
    private string? _latestError;

    /// <summary>The result of whoever finished last; shown to nobody, unless by <see cref="PlantedBug.ForeignText"/>.</summary>
    public string? ForeignText => bug == PlantedBug.ForeignText ? _latestResult : null;

    public void AddWorker(ModelWorker worker)
    {
        lock (_gate)
        {
            _workers.Add(worker);
        }
    }

    public ModelTenant Onboard(TenantSpec spec)
    {
        lock (_gate)
        {
            if (_tenants.Exists(t => t.Id == spec.Id))
            {
                throw new TargetException($"The model has a tenant {spec.Id} already.");
            }

            var tenant = new ModelTenant(spec);
            _tenants.Add(tenant);
            return tenant;
        }
    }

    /// <summary>Does nothing for an id that is none; unless the key is written before the id is looked at.</summary>
    public void Refuse(string tenantId)
    {
        if (bug == PlantedBug.RefusedIdStored)
        {
            lock (_gate)
            {
                _strayKeys.Add($"job:meta:tenant:{{{tenantId}}}");
            }
        }
    }

    public void SetLimits(string tenantId, int maxConcurrent, int maxQueued)
    {
        lock (_gate)
        {
            var tenant = Tenant(tenantId);
            (tenant.MaxConcurrent, tenant.MaxQueued) = (maxConcurrent, maxQueued);
            Dispatch();
        }
    }

    public async Task<Admission> SubmitAsync(ModelTenant tenant, ProbeJob probe)
    {
        if (bug == PlantedBug.CountThenAct)
        {
            bool hadRoom;
            lock (_gate)
            {
                hadRoom = tenant.Open < tenant.MaxConcurrent + tenant.MaxQueued;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), time);
            lock (_gate)
            {
                return Submit(tenant, probe, hadRoom);
            }
        }

        Admission admission;
        lock (_gate)
        {
            admission = Submit(tenant, probe, tenant.Open < tenant.MaxConcurrent + tenant.MaxQueued);
        }

        while (bug == PlantedBug.SubmitWaitsForStart && admission.Job is { State: JobState.Pending })
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), time);
        }

        return admission;
    }

    /// <summary>A tenant's job; null when it has none of that id.</summary>
    public JobView? Get(ModelTenant tenant, string jobId)
    {
        lock (_gate)
        {
            return Find(tenant, jobId)?.View;
        }
    }

    /// <summary>A page of a tenant's jobs after a sequence number, oldest first.</summary>
    public (IReadOnlyList<JobView> Jobs, long? Next) List(ModelTenant tenant, JobState? state, long after, int count)
    {
        lock (_gate)
        {
            var own = bug == PlantedBug.ListByPrefix
                ? _tenants.Where(t => t.Id.StartsWith(tenant.Id, StringComparison.Ordinal)).SelectMany(static t => t.Jobs.Values)
                : tenant.Jobs.Values;
            var jobs = own.Where(j => j.Sequence > after && (state is null || j.State == state))
                .OrderBy(static j => j.Sequence).Take(count + 1).ToList();
            long? next = jobs.Count > count ? jobs[count - 1].Sequence : null;
            return ([.. jobs.Take(count).Select(static j => j.View)], next);
        }
    }

    public UsageView Usage(ModelTenant tenant)
    {
        lock (_gate)
        {
            var running = tenant.Jobs.Values.Count(static j => j.State == JobState.Running);
            return new UsageView(running, tenant.Jobs.Values.Count(static j => j.State == JobState.Pending), tenant.MaxConcurrent, tenant.MaxQueued);
        }
    }

    /// <summary>Cancels: a pending job at once, a running one by telling its body, which keeps its slot until it stops.</summary>
    public JobView? Cancel(ModelTenant tenant, string jobId)
    {
        lock (_gate)
        {
            if (Find(tenant, jobId, bug == PlantedBug.CancelThenAsk) is not { } job)
            {
                return null;
            }

            if (job.State == JobState.Pending)
            {
                job.Tenant.Queue.Remove(job.Place);
                End(job, JobState.Cancelled);
            }
            else if (job.State == JobState.Running)
            {
                // Not under the lock: a body's continuation may run in here and settle.
                var stop = job.Stop!;
                _ = Task.Run(stop.Cancel);
            }

            return bug == PlantedBug.CancelThenAsk && job.Tenant != tenant ? null : job.View;
        }
    }

    /// <summary>Settles an attempt; null for the state means that it failed and may be tried again.</summary>
    /// <returns>Whether the fence was the job's.</returns>
    public bool Settle(string tenantId, string jobId, string fence, JobState? state, string? text)
    {
        lock (_gate)
        {
            var tenant = Tenant(tenantId);
            if (!tenant.Jobs.TryGetValue(jobId, out var job) || job.Fence != fence)
            {
                return false;
            }

            if (job.State != JobState.Running)
            {
                // A repeat of what is done: nothing to do. Unless releasing goes by count instead of by name.
                if (bug == PlantedBug.SlotReleasedTwice && tenant.Slots.Count > 0)
                {
                    tenant.Slots.Remove(tenant.Slots.First());
                    tenant.Open--;
                }

                return true;
            }

            if (state == JobState.Cancelled && bug == PlantedBug.SlotLeaked)
            {
                job.State = JobState.Cancelled;
                return true;
            }

            tenant.Slots.Remove(job.Id);
            job.Stop = null;
            if (state is null && job.Attempts < AttemptsMax)
            {
                job.Error = bug == PlantedBug.ErrorTextKept ? _latestError ?? text : text;
                _latestError = text;
                job.State = JobState.Pending;
                QueueAfter(RetryBackoff, job);
            }
            else
            {
                job.Result = state == JobState.Completed ? text : null;
                job.Error = state is null ? text : job.Error;
                _latestResult = job.Result ?? _latestResult;
                End(job, state ?? JobState.Failed);
            }

            if (tenant.Slots.Count + 1 == tenant.MaxConcurrent)
            {
                tenant.IsParked = false;
            }

            Dispatch();
            return true;
        }
    }

    public void Progress(ModelJob job, string fence, int percent)
    {
        lock (_gate)
        {
            if (job.Fence == fence && job.State == JobState.Running)
            {
                job.Progress = percent;
            }
        }
    }

    public Dictionary<string, int> HeldSlots(IEnumerable<string> tenantIds)
    {
        lock (_gate)
        {
            return tenantIds.ToDictionary(static id => id, id => Tenant(id).Slots.Count, StringComparer.Ordinal);
        }
    }

    /// <summary>Compares all structures with each other, and mends what differs.</summary>
    public Dictionary<string, long> Mend()
    {
        lock (_gate)
        {
            return ModelAudit.Mend(_tenants);
        }
    }

    /// <summary>All state, as a store would hold it: key and content.</summary>
    public List<(string Key, string Content)> Keys()
    {
        lock (_gate)
        {
            return
            [
                ("job:tenants", string.Join(',', _tenants.Select(static t => t.Id))),
                .. _strayKeys.Select(static key => (key, "")),
                .. _tenants.SelectMany(ModelKeys.Of),
            ];
        }
    }

    /// <summary>Stops all bodies and waits for them.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] bodies;
        CancellationTokenSource[] stops;
        lock (_gate)
        {
            _stopping = true;
            stops = [.. _tenants.SelectMany(static t => t.Jobs.Values).Select(static j => j.Stop).OfType<CancellationTokenSource>()];
            bodies = [.. _bodies];
            foreach (var delay in _delays)
            {
                delay.Dispose();
            }

            _delays.Clear();
        }

        foreach (var stop in stops)
        {
            await stop.CancelAsync();
        }

        await Task.WhenAll(bodies);
        foreach (var worker in _workers)
        {
            await worker.Witness.DisposeAsync();
        }
    }

    private Admission Submit(ModelTenant tenant, ProbeJob probe, bool hasRoom)
    {
        var keys = bug == PlantedBug.IdempotencyShared ? _sharedIdempotency : tenant.Idempotency;
        if (probe.IdempotencyKey is { } key && keys.TryGetValue(key, out var known))
        {
            return known.Probe.Label == probe.Label || bug == PlantedBug.IdempotencyShared
                ? new Admission(known, null, Replayed: true)
                : new Admission(null, new Refusal(RefusalCode.IdempotencyConflict, "The idempotency key was used with another payload."));
        }

        if (!hasRoom)
        {
            var refusal = new Refusal(
                RefusalCode.QuotaExceeded, "Pending and running jobs have reached limit + backlog.", tenant.MaxConcurrent + tenant.MaxQueued, tenant.Open);
            if (bug == PlantedBug.RefusedRunsAnyway)
            {
                Accept(tenant, probe);
            }

            return new Admission(null, refusal);
        }

        var job = Accept(tenant, probe);
        if (probe.IdempotencyKey is not null)
        {
            keys[probe.IdempotencyKey] = job;
        }

        return new Admission(job, null);
    }

    private ModelJob Accept(ModelTenant tenant, ProbeJob probe)
    {
        var job = new ModelJob(_random.NextInt64().ToString("x16", CultureInfo.InvariantCulture), tenant, probe, ++_sequence);
        if (bug == PlantedBug.JobLost && _sequence % 10 == 0)
        {
            return job;
        }

        tenant.Open++;
        tenant.Jobs.Add(job.Id, job);
        if (probe.DelayMs == 0)
        {
            tenant.Queue.Add(job.Place, job);
            Dispatch();
            return job;
        }

        QueueAfter(TimeSpan.FromMilliseconds(probe.DelayMs), job);
        return job;
    }

    private void QueueAfter(TimeSpan delay, ModelJob job) => After(delay, () =>
    {
        if (job.State == JobState.Pending)
        {
            job.Tenant.Queue.Add(job.Place, job);
            Dispatch();
        }
    });

    /// <summary>Does something under the lock, and not before the time is over: a timer's own clock is coarse and may be early.</summary>
    private void After(TimeSpan delay, Action action)
    {
        var from = time.GetTimestamp();
        ITimer? timer = null;
        timer = time.CreateTimer(
            _ =>
            {
                lock (_gate)
                {
                    var left = delay - time.GetElapsedTime(from);
                    if (left > TimeSpan.Zero)
                    {
                        timer!.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                    }
                    else if (_delays.Remove(timer!))
                    {
                        timer!.Dispose();
                        action();
                    }
                }
            },
            null,
            delay,
            Timeout.InfiniteTimeSpan);
        _delays.Add(timer);
    }

    private void End(ModelJob job, JobState state)
    {
        job.State = state;
        if (bug == PlantedBug.StrayKey)
        {
            _strayKeys.Add("job:done:" + job.Id);
        }

        if (bug == PlantedBug.SlotBackLate)
        {
            After(BackLate, () => job.Tenant.Open--);
            return;
        }

        if (bug != PlantedBug.CountDrifts || job.Sequence % 10 != 0)
        {
            job.Tenant.Open--;
        }
    }

    private ModelJob? Find(ModelTenant tenant, string jobId, bool inAll = false) =>
        inAll || bug == PlantedBug.LookupById
            ? _tenants.Select(t => t.Jobs.GetValueOrDefault(jobId)).FirstOrDefault(static j => j is not null)
            : tenant.Jobs.GetValueOrDefault(jobId);

    private ModelTenant Tenant(string tenantId) =>
        _tenants.Find(t => t.Id == tenantId) ?? throw new TargetException($"The model has no tenant {tenantId}.");

    /// <summary>Hands out jobs for as long as there are an idle slot and a runnable tenant. Called under the lock.</summary>
    private void Dispatch()
    {
        while (!_stopping && _workers.Where(static w => w.Idle > 0).MaxBy(static w => w.Idle) is { } worker && _scheduler.Next(_tenants, worker.HasOnlyReserve) is { } tenant)
        {
            var job = (bug == PlantedBug.NewestFirst ? tenant.Queue.Last() : tenant.Queue.First()).Value;
            if (bug != PlantedBug.DuplicateRun || ++_claims % 10 != 0)
            {
                tenant.Queue.Remove(job.Place);
            }

            tenant.Slots.Add(job.Id);
            job.State = JobState.Running;
            job.Attempts++;
            job.Fence = $"{job.Attempts}:{_random.NextInt64():x16}";
            job.Stop = new CancellationTokenSource();
            _scheduler.Begin(tenant, job.Fence);
            worker.Idle--;
            _bodies.RemoveWhere(static b => b.IsCompleted);
            _bodies.Add(Task.Run(() => RunAsync(worker, job, job.Attempts, job.Fence, job.Stop.Token)));
        }
    }

    private async Task RunAsync(ModelWorker worker, ModelJob job, int attempt, string fence, CancellationToken stop)
    {
        JobState? state = null;
        string? text;
        try
        {
            var outcome = await ProbeBody.RunAsync(
                worker.Witness,
                new ProbeAttempt(job.Tenant.Id, job.Id, attempt, fence),
                job.Probe.Payload,
                (percent, _, _) =>
                {
                    Progress(job, fence, percent);
                    return ValueTask.CompletedTask;
                },
                stop);
            (state, text) = (outcome.Succeeded ? JobState.Completed : null, outcome.Text);
        }
        catch (OperationCanceledException)
        {
            (state, text) = (JobState.Cancelled, null);
        }
        catch (WitnessException e)
        {
            // The run is over: nobody is left to see an attempt.
            (state, text) = (JobState.Failed, e.Message);
        }

        lock (_gate)
        {
            worker.Idle++;
            _scheduler.End(job.Tenant, fence);
            if (!Settle(job.Tenant.Id, job.Id, fence, state, text))
            {
                Dispatch();
            }
        }
    }
}

/// <summary>A worker of the model: a connection to the witness and a number of slots. Guarded by the system's lock.</summary>
internal sealed class ModelWorker(WitnessClient witness, int slots, int reserve)
{
    public WitnessClient Witness { get; } = witness;

    /// <summary>Whether no more slots are idle than are kept for tenants that run nothing.</summary>
    public bool HasOnlyReserve => Idle <= reserve;

    public int Idle { get; set; } = slots;
}
