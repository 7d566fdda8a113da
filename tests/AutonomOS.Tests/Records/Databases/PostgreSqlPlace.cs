using System.Data.Common;
using System.Text;
using AutonomOS.Records;
using AutonomOS.Records.PostgreSql;
using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace AutonomOS.Tests.Records.Databases;

/// <summary>A database of <see cref="PostgreSqlCluster"/>.</summary>
public sealed class PostgreSqlPlace(PostgreSqlCluster cluster, string database) : RecordsPlace
{
    public string Database => database;

    public PostgreSqlCluster Cluster => cluster;

    public string Application => cluster.ConnectionString(PostgreSqlCluster.Application, database);

    public string Owner => cluster.ConnectionString(PostgreSqlCluster.Owner, database, pooling: false);

    public override RecordsDatabase Open() => new PostgreSqlRecords(Application, Owner);

    public override Task AwayAsync() => cluster.ExecuteAsync(
        "postgres", $"ALTER DATABASE {database} ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");

    public override Task BackAsync() => cluster.ExecuteAsync("postgres", $"ALTER DATABASE {database} ALLOW_CONNECTIONS true");

    public override async Task<IAsyncDisposable> HoldAsync(TenantId tenant)
    {
        var holder = await ConnectAsync();
        await using var command = holder.CreateCommand();
        command.CommandText = $"BEGIN; SELECT * FROM tenants WHERE id = '{tenant}' FOR UPDATE";
        await command.ExecuteNonQueryAsync();
        return holder;
    }

    public override async Task<DbConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(cluster.ConnectionString("postgres", database, pooling: false));
        await connection.OpenAsync();
        return connection;
    }

    public override async Task<string> ContentAsync()
    {
        var whole = new StringBuilder();
        foreach (var table in RowSecurity.Tables)
        {
            whole.Append(await cluster.ScalarAsync(database, $"SELECT string_agg(row_to_json(r)::text, ' ') FROM {table.Table} r"));
        }

        // Bytes show as hexadecimal digits in a row's text: the hashes are added as what they are.
        foreach (var hash in (string[])(await cluster.ScalarAsync(database, "SELECT coalesce(array_agg(encode(secret_hash, 'hex')), '{}') FROM api_keys"))!)
        {
            whole.Append(Encoding.Latin1.GetString(Convert.FromHexString(hash)));
        }

        return whole.ToString();
    }

    internal override async Task<string> PlanAsync<T>(RecordsScope scope, Func<RecordsContext, IQueryable<T>> query)
    {
        using var records = new PostgreSqlRecords(Application, null);
        return await records.ReadAsync(scope, async context =>
        {
            await using var command = query(context).CreateDbCommand();
            command.CommandText = "EXPLAIN " + command.CommandText;
            command.Transaction = context.Database.CurrentTransaction!.GetDbTransaction();
            await using var reader = await command.ExecuteReaderAsync();
            var plan = new StringBuilder();
            while (await reader.ReadAsync())
            {
                plan.AppendLine(reader.GetString(0));
            }

            return plan.ToString();
        });
    }
}
