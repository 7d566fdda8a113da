using System.Globalization;
using AutonomOS.Records;
using AutonomOS.Records.Sqlite;
using AutonomOS.Tests.Conformance.Stores;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Tests.Records;

/// <summary>The SQLite file itself: made from nothing, by many at once, after a crash, and refused when it is not ours.</summary>
public sealed class SqliteRecordsTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    /// <summary>As many as the program brings along.</summary>
    private static string Migrations
    {
        get
        {
            using var records = new SqliteRecords("any.db");
            using var context = records.Open(RecordsScope.None);
            return context.Database.GetMigrations().Count().ToString(CultureInfo.InvariantCulture);
        }
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Migrate_FromNothing_MakesTheSchemaOfTheModelForItsOwnerAlone()
    {
        using var records = new SqliteRecords(_directory.File("r.db"));
        await records.MigrateAsync(TestContext.Current.CancellationToken);

        await using var context = records.Open(RecordsScope.None);
        Assert.False(context.Database.HasPendingModelChanges(), "The model has changed since the last migration: add one.");
        Assert.Empty(await context.Database.GetPendingMigrationsAsync(TestContext.Current.CancellationToken));
        Assert.Equal("wal", await ScalarAsync("PRAGMA journal_mode"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory.File("r.db")));
        await records.MigrateAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Migrate_ByManyAtOnce_Works()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            using var records = new SqliteRecords(_directory.File("r.db"));
            await records.MigrateAsync();
        })));

        Assert.Equal(Migrations, await ScalarAsync("SELECT count(*) FROM __EFMigrationsHistory"));
    }

    [Fact]
    public async Task Migrate_AfterAProcessDiedInTheMiddleOfOne_DoesNotWaitForIt()
    {
        await ScalarAsync("CREATE TABLE __EFMigrationsLock (Id INTEGER NOT NULL PRIMARY KEY, Timestamp TEXT NOT NULL); INSERT INTO __EFMigrationsLock VALUES (1, '2020-01-01');");
        using var records = new SqliteRecords(_directory.File("r.db"));

        await records.MigrateAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(Migrations, await ScalarAsync("SELECT count(*) FROM __EFMigrationsHistory"));
    }

    [Fact]
    public async Task Migrate_RecordsOfANewerVersion_IsRefusedAndLeavesThem()
    {
        using var records = new SqliteRecords(_directory.File("r.db"));
        await records.MigrateAsync(TestContext.Current.CancellationToken);
        await ScalarAsync("INSERT INTO __EFMigrationsHistory VALUES ('99990101000000_Later', '99.0')");

        var refused = await Assert.ThrowsAsync<RecordsUnavailableException>(() => records.MigrateAsync(TestContext.Current.CancellationToken));

        Assert.Contains("newer version", refused.Message, StringComparison.Ordinal);
        Assert.Equal("1", await ScalarAsync("SELECT count(*) FROM __EFMigrationsHistory WHERE MigrationId = '99990101000000_Later'"));
    }

    [Fact]
    public async Task Migrate_AFileThatIsNoDatabase_IsRefusedAndLeavesIt()
    {
        var garbage = string.Concat(Enumerable.Repeat("not a database ", 100));
        await File.WriteAllTextAsync(_directory.File("r.db"), garbage, TestContext.Current.CancellationToken);
        using var records = new SqliteRecords(_directory.File("r.db"));

        var refused = await Assert.ThrowsAsync<RecordsUnavailableException>(() => records.MigrateAsync(TestContext.Current.CancellationToken));

        Assert.Contains("r.db", refused.Message, StringComparison.Ordinal);
        Assert.Equal(garbage, await File.ReadAllTextAsync(_directory.File("r.db"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void FileLock_HeldByOne_IsRefusedToAnotherAndFreeAfterwards()
    {
        using (var first = FileLock.TryTake(_directory.File("l")))
        {
            Assert.NotNull(first);
            Assert.Null(FileLock.TryTake(_directory.File("l")));
        }

        using var second = FileLock.TryTake(_directory.File("l"));
        Assert.NotNull(second);
    }

    private async Task<string?> ScalarAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_directory.File("r.db")};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))?.ToString();
    }
}
