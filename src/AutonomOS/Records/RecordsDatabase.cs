using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Records;

/// <summary>
/// The database that holds what must outlive the store: tenants and API keys. One derived class a database; see
/// <see cref="Sqlite.SqliteRecords"/>. Thread-safe.
/// </summary>
public abstract class RecordsDatabase : IDisposable
{
    /// <summary>Brings the database to this version's schema, creating it when it is not there. Several processes may do so at once.</summary>
    /// <exception cref="RecordsUnavailableException">It cannot be opened or written, or was made by a newer version.</exception>
    public abstract Task MigrateAsync(CancellationToken cancellation = default);

    /// <summary>Closes what is kept open. Contexts still open must be disposed first.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what a derived class keeps open.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>Where the records are, for people; without credentials.</summary>
    public abstract override string ToString();

    /// <summary>A new context that finds the rows of <paramref name="scope"/>. The caller disposes it.</summary>
    internal abstract RecordsContext Open(RecordsScope scope);

    /// <summary>Whether the database refused a row because its key is taken.</summary>
    internal abstract bool IsKeyTaken(DbUpdateException error);

    /// <summary>Whether this error means that the database is away, busy beyond its bound, or broken.</summary>
    internal abstract bool IsUnavailable(Exception error);

    /// <summary>Runs one reading unit of work.</summary>
    internal virtual async Task<T> ReadAsync<T>(RecordsScope scope, Func<RecordsContext, Task<T>> work)
    {
        try
        {
            await using var context = Open(scope);
            return await work(context);
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            throw new RecordsUnavailableException("The records did not answer.", error);
        }
    }

    /// <summary>
    /// Runs one writing unit of work: all of it is written, or nothing. It may be run more than once, so it decides by
    /// what it reads there and then.
    /// </summary>
    internal abstract Task<T> WriteAsync<T>(RecordsScope scope, Func<RecordsContext, Task<T>> work);
}
