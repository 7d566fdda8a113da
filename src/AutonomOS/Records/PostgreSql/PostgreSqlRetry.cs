using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL;

namespace AutonomOS.Records.PostgreSql;

/// <summary>Runs a unit of work again after what passes by itself: a lost connection, a deadlock, a serialization failure, a server that restarts or changes over.</summary>
/// <remarks>Waits grow from 0 to <see cref="DelayMsMax"/>; after <see cref="RetriesMax"/> retries, or once <see cref="BudgetMs"/> have gone by, the error is final.</remarks>
internal sealed class PostgreSqlRetry(ExecutionStrategyDependencies dependencies) : NpgsqlRetryingExecutionStrategy(
    dependencies, RetriesMax, TimeSpan.FromMilliseconds(DelayMsMax), [AdminShutdown, CrashShutdown, CannotConnectNow, ReadOnly])
{
    public const int RetriesMax = 5;
    public const int DelayMsMax = 300;
    public const int BudgetMs = 4000;

    private const string AdminShutdown = "57P01";
    private const string CrashShutdown = "57P02";
    private const string CannotConnectNow = "57P03";

    /// <summary>A standby that is not the primary yet, or no longer.</summary>
    private const string ReadOnly = "25006";

    private readonly long _start = TimeProvider.System.GetTimestamp();

    protected override bool ShouldRetryOn(Exception? exception) =>
        base.ShouldRetryOn(exception) || exception is PostgresException { SqlState: AdminShutdown or CrashShutdown or CannotConnectNow or ReadOnly };

    protected override TimeSpan? GetNextDelay(Exception lastException) =>
        TimeProvider.System.GetElapsedTime(_start).TotalMilliseconds < BudgetMs ? base.GetNextDelay(lastException) : null;
}
