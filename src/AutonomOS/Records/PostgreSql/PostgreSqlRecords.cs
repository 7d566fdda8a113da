using System.Data;
using System.Data.Common;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace AutonomOS.Records.PostgreSql;

/// <summary>The records in a PostgreSQL database (version 13 or later), shared by any number of servers.</summary>
/// <remarks>
/// <para>
/// Two roles. The owner owns the tables and changes the schema; the application reads and writes rows under row-level
/// security that it cannot lift. <see cref="MigrateAsync"/> uses the owner when it is given, and refuses to go on with an
/// application role that row-level security would not bind.
/// </para>
/// <para>
/// Each unit of work is one transaction that begins by saying its <see cref="RecordsScope"/>; see <see cref="RowSecurity"/>.
/// It runs under <see cref="PostgreSqlRetry"/>. Where the connection is lost while a commit is under way, the transaction
/// is looked up by its id (<c>pg_xact_status</c>) before anything is done again, so nothing is done twice.
/// </para>
/// </remarks>
public sealed class PostgreSqlRecords : RecordsDatabase
{
    private const string Enter =
        $"SELECT set_config('{RowSecurity.TenantSetting}', @tenant, true), set_config('{RowSecurity.ScopeSetting}', @scope, true), "
        + "set_config('statement_timeout', @statement, true), set_config('lock_timeout', @lock, true), set_config('idle_in_transaction_session_timeout', @idle, true)";

    private const string EnterReading = Enter + ", set_config('transaction_read_only', 'on', true)";

    private const string EnterWriting = Enter + ", pg_current_xact_id()::text";

    private readonly NpgsqlDataSource _source;
    private readonly NpgsqlConnectionStringBuilder _application;
    private readonly string? _owner;
    private readonly DbContextOptions<PostgreSqlRecordsContext> _options;

    /// <summary>Names the database; nothing is opened yet.</summary>
    /// <param name="application">The connection string of the application's role, with its password where it needs one.</param>
    /// <param name="owner">That of the owner's role; null where the schema is brought up to date by another process.</param>
    /// <exception cref="ArgumentException">A connection string cannot be read, or names no host, database or user.</exception>
    public PostgreSqlRecords(string application, string? owner)
    {
        _application = Complete(application);
        _owner = owner is null ? null : Complete(owner).ToString();
        _source = NpgsqlDataSource.Create(_application);
        _options = new DbContextOptionsBuilder<PostgreSqlRecordsContext>()
            .UseNpgsql(_source, npgsql => npgsql.ExecutionStrategy(dependencies => new PostgreSqlRetry(dependencies)))
            .Options;
    }

    /// <summary>How long a connection may take to open, in seconds (the unit of the driver).</summary>
    public const int ConnectSeconds = 5;

    /// <summary>How long one statement may take, in milliseconds.</summary>
    public const int StatementMs = 5000;

    /// <summary>How long a statement waits for a row that another transaction holds, in milliseconds.</summary>
    public const int LockMs = 2000;

    /// <summary>After this long without a statement the server ends a transaction, in milliseconds: what a stopped process holds is let go.</summary>
    public const int IdleMs = 10_000;

    /// <summary>Connections of one process, unless the connection string says otherwise.</summary>
    public const int ConnectionsMax = 20;

    /// <summary>How often a commit whose answer was lost is asked for while the server still works on it.</summary>
    private const int CommitLooksMax = 20;

    private const int CommitLookMs = 100;

    /// <inheritdoc/>
    public override async Task MigrateAsync(CancellationToken cancellation = default)
    {
        try
        {
            if (_owner is not null)
            {
                await PostgreSqlSchema.MigrateAsync(_owner, _application.Username!, cancellation);
            }

            await using var context = Open(RecordsScope.None);
            await context.Database.CreateExecutionStrategy().ExecuteAsync(
                async () => await PostgreSqlSchema.CheckAsync(context, cancellation));
        }
        catch (Exception error) when (IsUnavailable(error) || error is PostgresException)
        {
            throw new RecordsUnavailableException($"The records at {this} cannot be opened: {Innermost(error).Message}", error);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"PostgreSQL {_application.Host}/{_application.Database} as {_application.Username}";

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _source.Dispose();
        }
    }

    internal override RecordsContext Open(RecordsScope scope) => new PostgreSqlRecordsContext(_options) { Scope = scope };

    internal override bool IsKeyTaken(DbUpdateException error) =>
        error.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    /// <summary>Everything but what the statement itself is to blame for: data and constraints (22, 23), and syntax and rights (42), which are defects.</summary>
    internal override bool IsUnavailable(Exception error) => error switch
    {
        PostgresException { SqlState: { } state } => !(state.StartsWith("22", StringComparison.Ordinal) || state.StartsWith("23", StringComparison.Ordinal) || state.StartsWith("42", StringComparison.Ordinal)),
        DbException or IOException or SocketException or TimeoutException => true,
        DbUpdateConcurrencyException => false,
        DbUpdateException { InnerException: { } inner } => IsUnavailable(inner),
        RetryLimitExceededException { InnerException: { } inner } => IsUnavailable(inner),
        InvalidOperationException { InnerException: { } inner } => IsUnavailable(inner),
        _ => false,
    };

    internal override async Task<T> ReadAsync<T>(RecordsScope scope, Func<RecordsContext, Task<T>> work)
    {
        try
        {
            await using var context = Open(scope);
            return await context.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                context.ChangeTracker.Clear();
                await using var transaction = await context.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted);
                await EnterAsync(context, EnterReading);
                var result = await work(context);
                await transaction.CommitAsync();
                return result;
            });
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            throw new RecordsUnavailableException("The records did not answer.", error);
        }
    }

    internal override async Task<T> WriteAsync<T>(RecordsScope scope, Func<RecordsContext, Task<T>> work)
    {
        string? transaction = null;
        var committing = false;
        try
        {
            await using var context = Open(scope);
            return await context.Database.CreateExecutionStrategy().ExecuteInTransactionAsync(
                async _ =>
                {
                    committing = false;
                    context.ChangeTracker.Clear();
                    transaction = await EnterAsync(context, EnterWriting);
                    var result = await work(context);
                    committing = true;
                    return result;
                },
                async _ =>
                {
                    var done = await IsCommittedAsync(context, transaction!);
                    committing = false;
                    return done;
                },
                IsolationLevel.ReadCommitted);
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            throw committing
                ? new RecordsUnavailableException("The records went away while they were to make a change final: it may have been done or not.", error) { OutcomeUnknown = true }
                : new RecordsUnavailableException("The records did not answer; nothing was written.", error);
        }
    }

    /// <summary>Says the scope and the bounds of the transaction.</summary>
    /// <returns>The transaction's id, where it writes.</returns>
    private static async Task<string?> EnterAsync(RecordsContext context, string text)
    {
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.Transaction = context.Database.CurrentTransaction!.GetDbTransaction();
        command.CommandText = text;
        Add("tenant", context.Scope.Tenant?.Value ?? "");
        Add("scope", context.Scope.IsAll ? RowSecurity.AllTenants : "");
        Add("statement", $"{StatementMs}ms");
        Add("lock", $"{LockMs}ms");
        Add("idle", $"{IdleMs}ms");
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return row.GetString(row.FieldCount - 1);

        void Add(string name, string value) => command.Parameters.Add(new NpgsqlParameter<string>(name, value));
    }

    private static async Task<bool> IsCommittedAsync(RecordsContext context, string transaction)
    {
        for (var look = 0; look < CommitLooksMax; look++)
        {
            var status = await context.Database.SqlQuery<string?>($"SELECT pg_xact_status(CAST({transaction} AS xid8)) AS \"Value\"").SingleAsync();
            switch (status)
            {
                case "committed":
                    return true;
                case "aborted":
                    return false;
            }

            await Task.Delay(CommitLookMs);
        }

        throw new TimeoutException("The server still works on a commit.");
    }

    private static NpgsqlConnectionStringBuilder Complete(string text)
    {
        var builder = new NpgsqlConnectionStringBuilder(text);
        if (builder is not { Host.Length: > 0, Database.Length: > 0, Username.Length: > 0 })
        {
            throw new ArgumentException("A connection string of the records names Host, Database and Username.", nameof(text));
        }

        builder.Timeout = Math.Min(builder.Timeout, ConnectSeconds);
        builder.CommandTimeout = (StatementMs / 1000) + 1;
        builder.CancellationTimeout = 1000;
        // Rows of a tenant have no business in an error text.
        builder.IncludeErrorDetail = false;
        builder.ApplicationName ??= "autonomos";
        if (!builder.ShouldSerialize("Maximum Pool Size"))
        {
            builder.MaxPoolSize = ConnectionsMax;
        }

        return builder;
    }

    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}
