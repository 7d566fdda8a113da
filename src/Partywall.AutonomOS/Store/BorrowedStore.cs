using System.Globalization;
using AutonomOS.Storage;
using Partywall.Targets;
using StackExchange.Redis;

namespace Partywall.AutonomOS.Store;

/*
 * A run on somebody's own Redis must leave it as it was, and must never take somebody's keys for its own.
 *
 * The borrower's note: two keys outside of `job:`.
 *   partywall:lease    who runs here now; expires by itself, renewed while the run lives. Two runs never share a store.
 *   partywall:tenants  every tenant this run brings in, written before the tenant is. Outlives a run that was killed.
 *
 * At the start the store may hold keys under `job:` in one case only: a run that was killed left them. That is believed
 * when there is a note, nobody holds the lease, and every tenant of these keys and of the tenants' registry is on the
 * note. One tenant more, and the keys are somebody's: the run does not begin. At the end, when every process has
 * stopped, exactly those keys go: the noted tenants', and the written list's unless a tenant that is not on the note
 * has appeared, whose they might be as well. Then it is looked at again, and only then the note is torn up.
 */

/// <summary>A store that is not the run's own. Used by one run, from one thread at a time, after <see cref="BorrowAsync"/>.</summary>
internal sealed class BorrowedStore : IAsyncDisposable
{
    /// <summary>Who runs here now.</summary>
    public const string LeaseKey = "partywall:lease";

    /// <summary>The tenants of the run.</summary>
    public const string TenantsKey = "partywall:tenants";

    /// <summary>How long the lease outlives its last renewal, in milliseconds.</summary>
    public const int LeaseMs = 15_000;

    private const int RenewEveryMs = LeaseMs / 5;
    private const int DeleteBatchMax = 500;
    private readonly StoreProbe _probe;
    private readonly string _token = Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource _closing = new();
    private Task _renewing = Task.CompletedTask;

    private BorrowedStore(StoreProbe probe) => _probe = probe;

    /// <summary>Keys that were there before the run and are none of AutonomOS's, the borrower's note included.</summary>
    public IReadOnlySet<string> Foreign { get; private set; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Borrows the store: refuses one that somebody uses, and removes what a killed run left.</summary>
    /// <exception cref="TargetException">It is in use; nothing was changed.</exception>
    public static async Task<BorrowedStore> BorrowAsync(StoreProbe probe, CancellationToken cancellationToken)
    {
        var store = new BorrowedStore(probe);
        var endpoint = probe.Connection.Options.Endpoint;
        var taken = await probe.RunAsync(
            db => db.StringSetAsync(LeaseKey, store._token, TimeSpan.FromMilliseconds(LeaseMs), When.NotExists), "take a note", cancellationToken);
        if (!taken)
        {
            throw new TargetException(string.Create(
                CultureInfo.InvariantCulture,
                $"Another run of partywall uses the store at {endpoint}, or was killed within the last {LeaseMs / 1000} s. Wait for it to end, or use another store."));
        }

        try
        {
            await store.DemandFreeAsync(endpoint, cancellationToken);
            var all = await probe.KeysAsync(null, cancellationToken);
            store.Foreign = new HashSet<string>(all, StringComparer.Ordinal) { LeaseKey, TenantsKey };
        }
        catch
        {
            await store.ReleaseLeaseAsync();
            throw;
        }

        store._renewing = store.RenewAsync();
        return store;
    }

    /// <summary>Notes a tenant, before it is brought in.</summary>
    public Task NoteAsync(string tenantId, CancellationToken cancellationToken) =>
        _probe.RunAsync(db => db.SetAddAsync(TenantsKey, tenantId), "take a note", cancellationToken);

    /// <summary>Gives the store back: removes what the run made, and looks whether it is gone. Every process of the run must have stopped.</summary>
    /// <exception cref="TargetException">Something is left that may not be the run's; the message says what.</exception>
    public async Task GiveBackAsync(CancellationToken cancellationToken)
    {
        var noted = await NotedAsync(cancellationToken);
        var left = await RemoveAsync(noted, cancellationToken);
        if (left.Count > 0)
        {
            throw new TargetException(
                $"Left in the store at {_probe.Connection.Options.Endpoint}, because this run cannot tell that it made them: {Sample(left)}.");
        }

        await _probe.RunAsync(static db => db.KeyDeleteAsync(TenantsKey), "remove the run's note", cancellationToken);
    }

    /// <summary>Lets go of the store; another run may use it at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _renewing;
        await ReleaseLeaseAsync();
        _closing.Dispose();
    }

    private async Task DemandFreeAsync(string endpoint, CancellationToken cancellationToken)
    {
        var ours = await OursAsync(cancellationToken);
        if (ours.Count == 0)
        {
            // A note without keys: a run that was killed before it had made any, or between removing them and its note.
            await _probe.RunAsync(static db => db.KeyDeleteAsync(TenantsKey), "remove an old note", cancellationToken);
            return;
        }

        var noted = await NotedAsync(cancellationToken);
        var strangers = await StrangersAsync(ours, noted, cancellationToken);
        if (noted.Count == 0 || strangers.Count > 0)
        {
            throw new TargetException(string.Create(
                CultureInfo.InvariantCulture,
                $"The store at {endpoint} holds {ours.Count} keys under {StoreKeys.Root}, such as {Sample(ours)}: it serves an AutonomOS already, and a run would mix with it. Use a store of its own, such as a fresh `redis-server --port 6380`. Nothing was changed."));
        }

        await RemoveAsync(noted, cancellationToken);
        await _probe.RunAsync(static db => db.KeyDeleteAsync(TenantsKey), "remove an old note", cancellationToken);
    }

    /// <summary>Removes the keys of the noted tenants and those of the written list.</summary>
    /// <returns>Keys under <c>job:</c> that are left.</returns>
    private async Task<IReadOnlyCollection<string>> RemoveAsync(IReadOnlySet<string> noted, CancellationToken cancellationToken)
    {
        var ours = await OursAsync(cancellationToken);
        var shared = (await StrangersAsync(ours, noted, cancellationToken)).Count > 0;
        var doomed = ours.Select(KeyLayout.Classify).Where(k => k.Ownership switch
        {
            KeyOwnership.Tenant => noted.Contains(k.Tenant!),
            KeyOwnership.WrittenList => !shared,
            _ => false,
        });
        foreach (var batch in doomed.Chunk(DeleteBatchMax))
        {
            await _probe.RunAsync(
                db => db.KeyDeleteAsync([.. batch.Select(static k => (RedisKey)k.Key)]), "remove the run's keys", cancellationToken);
        }

        return await OursAsync(cancellationToken);
    }

    /// <summary>Tenants in the keys, or in the registry of tenants, that are not noted.</summary>
    private async Task<IReadOnlyCollection<string>> StrangersAsync(
        IReadOnlyCollection<string> ours, IReadOnlySet<string> noted, CancellationToken cancellationToken)
    {
        var tenants = new HashSet<string>(ours.Select(k => KeyLayout.Classify(k).Tenant).OfType<string>(), StringComparer.Ordinal);
        if (ours.Contains(StoreKeys.Tenants, StringComparer.Ordinal))
        {
            var registered = await _probe.RunAsync(static db => db.SortedSetRangeByRankAsync(StoreKeys.Tenants), "read its tenants", cancellationToken);
            tenants.UnionWith(registered.Select(static t => t.ToString()));
        }

        tenants.ExceptWith(noted);
        return tenants;
    }

    private Task<IReadOnlyCollection<string>> OursAsync(CancellationToken cancellationToken) =>
        _probe.KeysAsync(StoreKeys.Root + "*", cancellationToken);

    private async Task<IReadOnlySet<string>> NotedAsync(CancellationToken cancellationToken)
    {
        var noted = await _probe.RunAsync(static db => db.SetMembersAsync(TenantsKey), "read the run's note", cancellationToken);
        return noted.Select(static t => t.ToString()).ToHashSet(StringComparer.Ordinal);
    }

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(RenewEveryMs));
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                try
                {
                    await _probe.RunAsync(
                        db => db.StringSetAsync(LeaseKey, _token, TimeSpan.FromMilliseconds(LeaseMs)), "renew the run's note", _closing.Token);
                }
                catch (TargetException)
                {
                    // The store is away, perhaps on purpose. The next renewal tries again.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Given back.
        }
    }

    private async Task ReleaseLeaseAsync()
    {
        try
        {
            await _probe.RunAsync(static db => db.KeyDeleteAsync(LeaseKey), "remove the run's lease", CancellationToken.None);
        }
        catch (TargetException)
        {
            // It expires by itself.
        }
    }

    private static string Sample(IReadOnlyCollection<string> keys) =>
        string.Join(", ", keys.Order(StringComparer.Ordinal).Take(3)) + (keys.Count > 3 ? $" and {keys.Count - 3} more" : "");
}
