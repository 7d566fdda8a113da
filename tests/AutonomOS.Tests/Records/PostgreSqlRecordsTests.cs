using System.Globalization;
using AutonomOS.Records;
using AutonomOS.Records.PostgreSql;
using AutonomOS.Tests.Records.Databases;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using static AutonomOS.Tests.Records.RecordsProcess;

namespace AutonomOS.Tests.Records;

/// <summary>What only PostgreSQL has: roles, row-level security, and sessions that are ended in the middle of something.</summary>
public sealed class PostgreSqlRecordsTests(PostgreSqlRecordsFixture fixture) : IClassFixture<PostgreSqlRecordsFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrate_FromNothingByManyAtOnce_MakesTheSchemaOfTheModel()
    {
        var place = await fixture.NewPostgreSqlPlaceAsync();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            using var records = place.Open();
            await records.MigrateAsync(Cancellation);
        })));

        using var after = place.Open();
        await using var context = after.Open(RecordsScope.None);
        Assert.False(context.Database.HasPendingModelChanges(), "The model has changed since the last migration: add one.");
        Assert.Equal(context.Database.GetMigrations().Count(), Convert.ToInt32(await place.Cluster.ScalarAsync(place.Database, "SELECT count(*) FROM \"__EFMigrationsHistory\""), CultureInfo.InvariantCulture));
        // No table with a tenant in it is left out.
        Assert.Equal(
            RowSecurity.Tables.Select(table => table.Table).Append("__EFMigrationsHistory").Order(StringComparer.Ordinal),
            (string[])(await place.Cluster.ScalarAsync(place.Database, "SELECT array_agg(relname::text ORDER BY relname COLLATE \"C\") FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"))!);
    }

    [Fact]
    public async Task Start_WithoutTheSchema_OrWithANewerOne_IsRefused()
    {
        var place = await fixture.NewPostgreSqlPlaceAsync();
        using var alone = new PostgreSqlRecords(place.Application, null);
        Assert.Contains("AUTONOMOS_RECORDS_OWNER", await RefusalAsync(alone), StringComparison.Ordinal);

        using var whole = place.Open();
        await whole.MigrateAsync(Cancellation);
        await alone.MigrateAsync(Cancellation);
        await place.Cluster.ExecuteAsync(place.Database, "INSERT INTO \"__EFMigrationsHistory\" VALUES ('99990101000000_Later', '99.0')");

        Assert.Contains("newer version", await RefusalAsync(whole), StringComparison.Ordinal);
        Assert.Contains("newer version", await RefusalAsync(alone), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SUPERUSER", "is a superuser")]
    [InlineData("BYPASSRLS", "has BYPASSRLS")]
    [InlineData("IN ROLE " + PostgreSqlCluster.Owner, "owns, or is a member")]
    public async Task Start_AsARoleThatPoliciesDoNotBind_IsRefused(string power, string why)
    {
        var place = await fixture.NewPostgreSqlPlaceAsync();
        var role = $"strong_{place.Database}";
        await place.Cluster.ExecuteAsync(place.Database, $"CREATE ROLE {role} LOGIN {power}");
        using var records = new PostgreSqlRecords(place.Cluster.ConnectionString(role, place.Database), place.Owner);

        Assert.Contains(why, await RefusalAsync(records), StringComparison.Ordinal);

        using var owner = new PostgreSqlRecords(place.Owner, place.Owner);
        Assert.Contains("owns, or is a member", await RefusalAsync(owner), StringComparison.Ordinal);
        using var proper = place.Open();
        await proper.MigrateAsync(Cancellation);
    }

    [Fact]
    public async Task Start_WithATableWhoseSecurityIsOff_IsRefused()
    {
        var place = await fixture.NewPostgreSqlPlaceAsync();
        using var records = place.Open();
        await records.MigrateAsync(Cancellation);
        await place.Cluster.ExecuteAsync(place.Database, "ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY");

        Assert.Contains("api_keys", await RefusalAsync(records), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sql_ThatForgetsItsTenant_SeesAndTouchesNothingOfOthers()
    {
        var place = await fixture.NewPostgreSqlPlaceAsync();
        await using var process = await RecordsProcess.OpenAsync(place, fixture.Store);
        var (a, b) = (await fixture.NewTenantAsync(process), await fixture.NewTenantAsync(process));
        await process.Tenants.IssueKeyAsync(Who, a);
        await process.Tenants.IssueKeyAsync(Who, b);
        await using var source = NpgsqlDataSource.Create(place.Application);
        await using var connection = await source.OpenConnectionAsync(Cancellation);

        // Nothing said; said once and left empty; said for one; said for all.
        Assert.Equal((0, 0, 0), await CountsAsync(""));
        Assert.Equal((1, 1, 2), await CountsAsync($"SELECT set_config('app.tenant', '{a}', true);"));
        Assert.Equal((0, 0, 0), await CountsAsync(""));
        Assert.Equal((0, 0, 0), await CountsAsync("SELECT set_config('app.tenant', '', true), set_config('app.scope', '', true);"));
        Assert.Equal((2, 2, 4), await CountsAsync("SELECT set_config('app.scope', 'all', true);"));

        var asA = $"SELECT set_config('app.tenant', '{a}', true);";
        var asAll = "SELECT set_config('app.scope', 'all', true);";
        Assert.Equal(0, await TouchAsync($"{asA} UPDATE tenants SET weight = 9 WHERE id = '{b}'"));
        Assert.Equal(0, await TouchAsync($"{asAll} UPDATE tenants SET weight = 9"));
        Assert.Equal(1, await TouchAsync($"{asA} UPDATE tenants SET weight = 9"));
        string[] denied =
        [
            $"{asA} INSERT INTO api_keys VALUES ('{b}', '00000000000000000000', decode(repeat('00', 32), 'hex'), 0, NULL)",
            $"{asA} UPDATE api_keys SET tenant_id = '{b}'",
            $"{asAll} INSERT INTO api_keys VALUES ('{b}', '00000000000000000000', decode(repeat('00', 32), 'hex'), 0, NULL)",
            $"{asA} UPDATE audit_entries SET actor = 'nobody'",
            $"{asA} DELETE FROM tenants",
            "ALTER TABLE tenants DISABLE ROW LEVEL SECURITY",
            $"SET ROLE {PostgreSqlCluster.Owner}",
        ];
        foreach (var statement in denied)
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => TouchAsync(statement));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }

        async Task<(long Tenants, long Keys, long Entries)> CountsAsync(string first)
        {
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            if (first.Length > 0)
            {
                await using var say = new NpgsqlCommand(first, connection);
                await say.ExecuteNonQueryAsync(Cancellation);
            }

            return (await CountAsync("tenants"), await CountAsync("api_keys"), await CountAsync("audit_entries"));
        }

        async Task<long> CountAsync(string table)
        {
            await using var command = new NpgsqlCommand($"SELECT count(*) FROM {table}", connection);
            return (long)(await command.ExecuteScalarAsync(Cancellation))!;
        }

        async Task<int> TouchAsync(string sql)
        {
            // Rolled back at the end: each begins from the same rows.
            await using var transaction = await connection.BeginTransactionAsync(Cancellation);
            await using var command = new NpgsqlCommand(sql, connection);
            return Math.Max(0, await command.ExecuteNonQueryAsync(Cancellation));
        }
    }

    [Fact]
    public async Task Sessions_EndedInTheMiddle_ApplyEachChangeOnceOrNotAtAll()
    {
        var place = await fixture.NewPostgreSqlPlaceAsync();
        await using var process = await RecordsProcess.OpenAsync(place, fixture.Store);
        var id = await fixture.NewTenantAsync(process);
        await process.Tenants.ChangeAsync(Who, id, null, (weight, limits) => (weight, limits with { MaxQueued = 0 }));
        var (done, unavailable, unknown) = (0, 0, 0);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        var ending = Task.Run(async () =>
        {
            var ended = 0;
            while (!stop.IsCancellationRequested)
            {
                ended += Convert.ToInt32(
                    await place.Cluster.ScalarAsync("postgres", $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{place.Database}' AND state <> 'idle'"),
                    CultureInfo.InvariantCulture);
            }

            return ended;
        });
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                try
                {
                    Assert.Equal(TenantChangeStatus.Done, (await process.Tenants.ChangeAsync(Who, id, null, (weight, limits) => (weight, limits with { MaxQueued = limits.MaxQueued + 1 }))).Status);
                    Interlocked.Increment(ref done);
                }
                catch (RecordsUnavailableException error)
                {
                    _ = error.OutcomeUnknown ? Interlocked.Increment(ref unknown) : Interlocked.Increment(ref unavailable);
                }
            }
        })));
        await stop.CancelAsync();
        Assert.True(await ending > 0, "No session was ended in the middle of anything.");

        var end = (await process.Tenants.GetAsync(id))!.Settings;
        Assert.Equal(100, done + unavailable + unknown);
        Assert.True(done > 0, "Nothing was ever done.");
        Assert.InRange(end.Limits.MaxQueued, done, done + unknown);
        // Version, content and log went together every time.
        Assert.Equal(end.Limits.MaxQueued + 2, end.Version);
        Assert.Equal(end.Version, Convert.ToInt64(await place.Cluster.ScalarAsync(place.Database, $"SELECT count(*) FROM audit_entries WHERE tenant_id = '{id}'"), CultureInfo.InvariantCulture));
    }

    private static async Task<string> RefusalAsync(RecordsDatabase records) =>
        (await Assert.ThrowsAsync<RecordsUnavailableException>(() => records.MigrateAsync(Cancellation))).Message;
}
