using System.Collections.Concurrent;
using System.Text;
using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tenants;

namespace AutonomOS.Tests.Workers;

/// <summary>A tenant that submits jobs and hears what becomes of them.</summary>
internal sealed class TestTenant : IAsyncDisposable
{
    /// <summary>Far beyond what anything here takes: a test that waits this long has failed.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly IJobStore _store;
    private readonly IJobEventStream _events;
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<JobId, TaskCompletionSource> _finished = new();
    private readonly Task _listening;

    private TestTenant(IJobStore store, TenantSettings settings, IJobEventStream events)
    {
        _store = store;
        Settings = settings;
        _events = events;
        _listening = ListenAsync();
    }

    public TenantSettings Settings { get; }

    public TenantId Id => Settings.Id;

    public ConcurrentQueue<JobEvent> Events { get; } = new();

    public static async Task<TestTenant> OpenAsync(IJobStore store, string name, TenantLimits? limits = null)
    {
        var settings = new TenantSettings { Id = TenantId.Parse($"{name}-{Guid.NewGuid():N}"[..20]), Epoch = 1, Limits = limits ?? new() };
        await store.ApplyTenantAsync(settings);
        return new TestTenant(store, settings, await store.SubscribeAsync(settings.Id, settings.Epoch));
    }

    public async Task<JobId> SubmitAsync(string type, string payload = "", string pool = JobSubmission.DefaultPool, int maxAttempts = 3) =>
        (await SubmitAsync(1, type, payload, pool, maxAttempts))[0];

    public async Task<IReadOnlyList<JobId>> SubmitAsync(int count, string type, string payload = "", string pool = JobSubmission.DefaultPool, int maxAttempts = 3)
    {
        var jobs = Enumerable.Range(0, count).Select(_ => new JobSubmission
        {
            Id = JobId.New(TimeProvider.System),
            Type = type,
            Pool = pool,
            Payload = Encoding.UTF8.GetBytes(payload),
            MaxAttempts = maxAttempts,
        }).ToList();
        var results = await _store.SubmitAsync(Id, Settings.Epoch, jobs);
        Assert.All(results, result => Assert.Equal(SubmitStatus.Accepted, result.Status));
        return [.. results.Select(result => result.Id)];
    }

    /// <summary>Waits until the job is final, and reads it.</summary>
    public async Task<JobSnapshot> FinishedAsync(JobId id)
    {
        await _finished.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(Bound);
        var job = await _store.GetAsync(Id, id);
        Assert.NotNull(job);
        return job;
    }

    public Task<JobSnapshot[]> FinishedAsync(IEnumerable<JobId> ids) => Task.WhenAll(ids.Select(FinishedAsync));

    public async Task<JobSnapshot> SnapshotAsync(JobId id)
    {
        var job = await _store.GetAsync(Id, id);
        Assert.NotNull(job);
        return job;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _listening;
        await _events.DisposeAsync();
        _closing.Dispose();
    }

    private async Task ListenAsync()
    {
        try
        {
            await foreach (var e in _events.ReadAsync(_closing.Token))
            {
                Events.Enqueue(e);
                if (e.State is JobState.Completed or JobState.Failed or JobState.Cancelled)
                {
                    _finished.GetOrAdd(e.Id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closed.
        }
    }
}
