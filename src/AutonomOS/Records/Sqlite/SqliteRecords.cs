using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Records.Sqlite;

/// <summary>The records in one SQLite file, shared by any number of processes of one machine.</summary>
/// <remarks>
/// <para>
/// Write-ahead log, so that readers never wait for a writer. SQLite takes one writer at a time and lets the others poll,
/// which starves some of them under load; writers of this process therefore queue in front of it, and only processes
/// poll against each other.
/// </para>
/// <para>
/// EF Core guards a migration with a row in a table, which a process killed in the middle leaves behind: every later
/// start would wait for it for ever. So migrations here run under a lock on a file beside the database, which the
/// operating system gives back with the process, and whoever holds that lock clears a row left behind.
/// </para>
/// </remarks>
public sealed class SqliteRecords : RecordsDatabase
{
    private const int Constraint = 19;
    private const int ConstraintPrimaryKey = 1555;
    private const int ConstraintUnique = 2067;

    private readonly string _path;
    private readonly string _connection;
    private readonly DbContextOptions<SqliteRecordsContext> _options;
    private readonly SemaphoreSlim _writer = new(1, 1);

    /// <summary>Names the file; nothing is opened yet.</summary>
    /// <param name="path">The database file. Its directory must be there.</param>
    public SqliteRecords(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Path.GetFullPath(path);
        _connection = new SqliteConnectionStringBuilder
        {
            DataSource = _path,
            // The file is made by MigrateAsync. A missing file later is an error to report, not a reason to begin anew.
            Mode = SqliteOpenMode.ReadWrite,
            ForeignKeys = true,
            DefaultTimeout = BusySeconds,
        }.ToString();
        _options = new DbContextOptionsBuilder<SqliteRecordsContext>()
            .UseSqlite(_connection)
            .AddInterceptors(new SqlitePragmas($"PRAGMA busy_timeout = {BusyMs};"))
            .Options;
    }

    /// <summary>How long SQLite itself waits for another process's write, in milliseconds.</summary>
    public const int BusyMs = 700;

    /// <summary>The longest a writer of this process waits for its turn, in milliseconds.</summary>
    public const int WriterQueueMs = 5000;

    /// <summary>How long a migration waits for another process's, in milliseconds.</summary>
    public const int MigrationWaitMs = 30_000;

    /// <summary>How long a statement is repeated while the file is locked, in seconds (the unit of the driver).</summary>
    private const int BusySeconds = 1;

    /// <inheritdoc/>
    public override async Task MigrateAsync(CancellationToken cancellation = default)
    {
        try
        {
            await using var turn = await FileLock.TakeAsync(_path + ".lock", TimeSpan.FromMilliseconds(MigrationWaitMs), cancellation);
            CreateFile();
            await using var context = Open(RecordsScope.None);
            var unknown = (await context.Database.GetAppliedMigrationsAsync(cancellation)).Except(context.Database.GetMigrations(), StringComparer.Ordinal).ToList();
            if (unknown.Count > 0)
            {
                throw new RecordsUnavailableException($"The records at {_path} were written by a newer version ({unknown[^1]}). Run that version, or use another data directory.");
            }

            if ((await context.Database.GetPendingMigrationsAsync(cancellation)).Any())
            {
                await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL;", cancellation);
                await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\";", cancellation);
                await context.Database.MigrateAsync(cancellation);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TimeoutException || IsUnavailable(error))
        {
            throw new RecordsUnavailableException($"The records at {_path} cannot be opened: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"SQLite {_path}";

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing)
        {
            return;
        }

        using var connection = new SqliteConnection(_connection);
        SqliteConnection.ClearPool(connection);
        _writer.Dispose();
    }

    internal override RecordsContext Open(RecordsScope scope) => new SqliteRecordsContext(_options) { Scope = scope };

    internal override bool IsKeyTaken(DbUpdateException error) =>
        error.InnerException is SqliteException { SqliteErrorCode: Constraint, SqliteExtendedErrorCode: ConstraintPrimaryKey or ConstraintUnique };

    internal override bool IsUnavailable(Exception error) => error switch
    {
        SqliteException { SqliteErrorCode: Constraint } => false,
        DbException or IOException or UnauthorizedAccessException => true,
        DbUpdateConcurrencyException => false,
        DbUpdateException { InnerException: { } inner } => IsUnavailable(inner),
        _ => false,
    };

    internal override async Task<T> WriteAsync<T>(RecordsScope scope, Func<RecordsContext, Task<T>> work)
    {
        if (!await _writer.WaitAsync(WriterQueueMs))
        {
            throw new RecordsUnavailableException($"The records took no write for {WriterQueueMs} ms; nothing was written.");
        }

        try
        {
            return await ReadAsync(scope, async context =>
            {
                // The driver begins with BEGIN IMMEDIATE: what is read from here on stays so until it is written.
                await using var transaction = await context.Database.BeginTransactionAsync();
                var result = await work(context);
                await transaction.CommitAsync();
                return result;
            });
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Makes the file readable by its owner alone before anything is in it; SQLite gives its log the same mode.</summary>
    private void CreateFile()
    {
        if (File.Exists(_path))
        {
            return;
        }

        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(_path, options);
    }
}
