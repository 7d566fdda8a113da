using System.Collections.Concurrent;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace AutonomOS.Scheduling;

/// <summary>
/// The pools' ready indexes: which tenants can run something now, in fair order. Thread-safe.
/// </summary>
/// <remarks>
/// The index of a pool lives in a slot of its own, apart from the tenants, so it cannot be written by their scripts. A
/// tenant's script returns notes instead, and this class carries them over. At most one call a pool is under way; notes
/// that come meanwhile wait for the next, and of several notes of one tenant only the newest goes. Should they not
/// arrive, the sweep of the reconciler looks at the index itself.
/// </remarks>
internal sealed class ReadyIndex(TenantScripts tenants, ScriptCatalog scripts, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int NotesPerCallMax = 200;
    private const int RetryMs = 100;

    private readonly ConcurrentDictionary<string, PoolNotes> _pools = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();

    internal static RedisKey[] Keys(string pool) =>
        [StoreKeys.Ready(pool), StoreKeys.Fresh(pool), StoreKeys.Generations(pool), StoreKeys.Wake(pool)];

    /// <summary>Carries notes over. The task ends when they are in the index, or when they were tried once in vain: they are tried again in the background, so a note is never a reason to fail what made it.</summary>
    internal Task TellAsync(IEnumerable<TenantNote> notes)
    {
        List<Task>? told = null;
        foreach (var note in notes)
        {
            var pool = _pools.GetOrAdd(note.Pool, static (name, index) => new PoolNotes(index, name), this);
            (told ??= []).Add(pool.Add(note));
        }

        return told switch { null => Task.CompletedTask, [var one] => one, _ => Task.WhenAll(told) };
    }

    /// <summary>Chooses tenants for a claim, or puts the worker on the waiting list.</summary>
    internal async Task<(bool Latched, List<Pick> Picks)> PickAsync(string pool, string worker, int slots, int reserve, CancellationToken cancellation)
    {
        var answer = (RedisResult[])(await tenants.Connection.EvaluateAsync(
            scripts["pick"], Keys(pool), [pool, worker, slots, reserve], write: true, cancellation))!;
        var picks = new List<Pick>();
        var any = (RedisResult[])answer[1]!;
        for (var i = 0; i < any.Length; i += 2)
        {
            picks.Add(new Pick(TenantId.Parse((string)any[i]!), (int)any[i + 1], OnlyIfIdle: false));
        }

        foreach (var tenant in (RedisResult[])answer[2]!)
        {
            picks.Add(new Pick(TenantId.Parse((string)tenant!), 1, OnlyIfIdle: true));
        }

        return ((long)answer[0] == 1, picks);
    }

    /// <summary>Of notes that say runnable, those whose tenant is absent from the index. Writes nothing.</summary>
    internal async Task<IReadOnlyList<TenantNote>> AbsentAsync(string pool, IReadOnlyList<TenantNote> notes, CancellationToken cancellation)
    {
        var answers = await SendAsync(pool, "verify", notes, cancellation);
        return [.. notes.Where((_, i) => (string)answers[i]! == "1")];
    }

    /// <summary>Has the tenant speak again, above <paramref name="stamp"/>.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="stamp">The stamp to go above.</param>
    /// <param name="always">False: only where the tenant's own stamp is lower.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    internal async Task TouchAsync(TenantId tenant, string pool, long stamp, bool always, CancellationToken cancellation)
    {
        var answer = await tenants.WriteAsync("touch", tenant, [pool, stamp, always ? "1" : "0"], cancellation);
        await TellAsync(TenantNote.Read(tenant, answer[1]));
    }

    /// <summary>Takes a tenant that is no more out of a pool's index.</summary>
    internal Task ForgetAsync(TenantId tenant, string pool, CancellationToken cancellation) =>
        tenants.Connection.EvaluateAsync(scripts["forget"], Keys(pool), [pool, tenant.Value], write: true, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        foreach (var pool in _pools.Values)
        {
            await pool.Sender;
        }

        _closing.Dispose();
    }

    private async Task<RedisResult[]> SendAsync(string pool, string mode, IReadOnlyCollection<TenantNote> notes, CancellationToken cancellation)
    {
        var args = new List<RedisValue>(2 + (notes.Count * 8)) { pool, mode };
        foreach (var note in notes)
        {
            note.AddTo(args);
        }

        return (RedisResult[])(await tenants.Connection.EvaluateAsync(scripts["index"], Keys(pool), [.. args], write: mode == "apply", cancellation))!;
    }

    /// <summary>One tenant's part in a pick.</summary>
    /// <param name="Tenant">The tenant.</param>
    /// <param name="Count">The most jobs to claim.</param>
    /// <param name="OnlyIfIdle">Only while the tenant runs nothing.</param>
    internal readonly record struct Pick(TenantId Tenant, int Count, bool OnlyIfIdle);

    /// <summary>The notes of one pool that wait to be carried over.</summary>
    private sealed class PoolNotes(ReadyIndex index, string pool)
    {
        private readonly Lock _lock = new();
        private Dictionary<TenantId, TenantNote> _waiting = [];
        private TaskCompletionSource _told = NewSource();
        private bool _sending;

        internal Task Sender { get; private set; } = Task.CompletedTask;

        internal Task Add(TenantNote note)
        {
            lock (_lock)
            {
                if (!_waiting.TryGetValue(note.Tenant, out var other) || other.Stamp < note.Stamp)
                {
                    _waiting[note.Tenant] = note;
                }

                if (!_sending)
                {
                    _sending = true;
                    Sender = Task.Run(SendAllAsync);
                }

                return _told.Task;
            }
        }

        private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        private async Task SendAllAsync()
        {
            while (true)
            {
                Dictionary<TenantId, TenantNote> batch;
                TaskCompletionSource told;
                lock (_lock)
                {
                    if (_waiting.Count == 0 || index._closing.IsCancellationRequested)
                    {
                        _sending = false;
                        _told.TrySetResult();
                        _told = NewSource();
                        return;
                    }

                    (batch, _waiting) = (_waiting, []);
                    (told, _told) = (_told, NewSource());
                }

                var sent = await TrySendAsync(batch);
                told.SetResult();
                if (!sent)
                {
                    PutBack(batch);
                    await Task.Delay(TimeSpan.FromMilliseconds(RetryMs), index.Time, index._closing.Token).ContinueWith(
                        static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                }
            }
        }

        private void PutBack(Dictionary<TenantId, TenantNote> batch)
        {
            lock (_lock)
            {
                foreach (var (tenant, note) in batch)
                {
                    _waiting.TryAdd(tenant, note);
                }
            }
        }

        private async Task<bool> TrySendAsync(Dictionary<TenantId, TenantNote> batch)
        {
            try
            {
                foreach (var chunk in batch.Values.Chunk(NotesPerCallMax))
                {
                    var answers = await index.SendAsync(pool, "apply", chunk, index._closing.Token);
                    for (var i = 0; i < chunk.Length; i++)
                    {
                        if ((long)answers[i] is > 0 and var above)
                        {
                            // The index holds a later stamp: a newer note overtook this one, or the tenant's slot lost
                            // its last moments and counts from behind. The tenant knows which, and speaks above it if so.
                            _ = AboveAsync(chunk[i].Tenant, above);
                        }
                    }
                }

                return true;
            }
            catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException or OperationCanceledException)
            {
                return false;
            }
        }

        private async Task AboveAsync(TenantId tenant, long above)
        {
            try
            {
                await index.TouchAsync(tenant, pool, above, always: false, index._closing.Token);
            }
            catch (Exception error) when (error is StoreUnavailableException or OutcomeUnknownException or OperationCanceledException)
            {
                index.Logger.LogDebug("Tenant {Tenant} could not speak above stamp {Stamp} in pool {Pool}: {Why}", tenant, above, pool, error.Message);
            }
        }
    }

    private TimeProvider Time => time;

    private ILogger Logger => logger;
}
