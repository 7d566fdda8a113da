using System.Data.Common;
using System.Text;
using AutonomOS.Records;
using AutonomOS.Records.Sqlite;
using AutonomOS.Tenants;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Tests.Records.Databases;

/// <summary>A SQLite file.</summary>
public sealed class SqlitePlace(string file) : RecordsPlace
{
    public override RecordsDatabase Open() => new SqliteRecords(file);

    public override Task AwayAsync()
    {
        SqliteConnection.ClearAllPools();
        File.Move(file, file + ".away");
        return Task.CompletedTask;
    }

    public override Task BackAsync()
    {
        Assert.False(File.Exists(file), "A missing file was made anew: the records would have begun from nothing.");
        File.Move(file + ".away", file);
        return Task.CompletedTask;
    }

    public override async Task<IAsyncDisposable> HoldAsync(TenantId tenant)
    {
        var holder = await ConnectAsync();
        await using var command = holder.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync();
        return holder;
    }

    public override async Task<DbConnection> ConnectAsync()
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync();
        return connection;
    }

    public override async Task<string> ContentAsync()
    {
        var whole = new StringBuilder();
        foreach (var part in new[] { file, file + "-wal" }.Where(File.Exists))
        {
            await using var stream = new FileStream(part, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            whole.Append(Encoding.Latin1.GetString(bytes.ToArray()));
        }

        return whole.ToString();
    }

    internal override async Task<string> PlanAsync<T>(RecordsScope scope, Func<RecordsContext, IQueryable<T>> query)
    {
        using var records = new SqliteRecords(file);
        await using var context = records.Open(scope);
        await using var command = query(context).CreateDbCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + command.CommandText;
        await context.Database.OpenConnectionAsync();
        await using var reader = await command.ExecuteReaderAsync();
        var plan = new StringBuilder();
        while (await reader.ReadAsync())
        {
            plan.AppendLine(reader.GetString(3));
        }

        return plan.ToString();
    }
}
