using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AutonomOS.Records.PostgreSql;

/// <summary>Brings the schema up to date as its owner, and looks, as the application, whether it may be worked with.</summary>
internal static class PostgreSqlSchema
{
    /// <summary>How long a migration waits for another process's, in milliseconds.</summary>
    public const int MigrationWaitMs = 30_000;

    /// <summary>How long one statement of a migration may take, in seconds (the unit of the driver): an index on a large archive takes its time.</summary>
    private const int StatementSeconds = 3600;

    /// <summary>The advisory lock of migrations: "autonomo" as a number.</summary>
    private const long Lock = 0x6175746f6e6f6d6f;

    /// <exception cref="RecordsUnavailableException">The schema was made by a newer version.</exception>
    public static async Task MigrateAsync(string owner, string application, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(owner);
        await using var turn = await source.OpenConnectionAsync(cancellation);
        // Held by this session until it ends, however it ends.
        await ExecuteAsync(turn, $"SET lock_timeout = {MigrationWaitMs}; SELECT pg_advisory_lock({Lock});", cancellation);
        await using var context = new PostgreSqlRecordsContext(new DbContextOptionsBuilder<PostgreSqlRecordsContext>()
            .UseNpgsql(source, npgsql => npgsql.CommandTimeout(StatementSeconds)).Options);
        RefuseNewer(await context.Database.GetAppliedMigrationsAsync(cancellation), context);
        await context.Database.MigrateAsync(cancellation);
        // Every time: the application's role may be another than last time.
        var role = Quote(application);
        foreach (var (table, _, rights) in RowSecurity.Tables)
        {
            await ExecuteAsync(turn, $"GRANT {rights} ON {table} TO {role}", cancellation);
        }

        await ExecuteAsync(turn, $"GRANT SELECT ON \"__EFMigrationsHistory\" TO {role}", cancellation);
    }

    /// <exception cref="RecordsUnavailableException">The schema is not this version's, or row-level security would not hold.</exception>
    public static async Task CheckAsync(RecordsContext context, CancellationToken cancellation)
    {
        await context.Database.OpenConnectionAsync(cancellation);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        await RefusePowerAsync(connection, cancellation);
        await RefuseSchemaAsync(context, connection, cancellation);
        await RefuseOpenTablesAsync(connection, cancellation);
    }

    private static async Task RefusePowerAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        // The session's own role counts too: who may become it by RESET ROLE has its power.
        var powers = await ListAsync(
            connection,
            """
            SELECT rolname || CASE WHEN rolsuper THEN ' is a superuser' WHEN rolbypassrls THEN ' has BYPASSRLS' END
              FROM pg_roles WHERE rolname IN (current_user, session_user) AND (rolsuper OR rolbypassrls)
            UNION ALL
            SELECT current_user || ' owns, or is a member of the role that owns, the table ' || relname
              FROM pg_class WHERE relname = ANY (@tables) AND relkind = 'r' AND pg_table_is_visible(oid)
               AND pg_has_role(current_user, relowner, 'MEMBER')
            """,
            cancellation);
        if (powers is [var first, ..])
        {
            throw new RecordsUnavailableException(
                $"The records' role {first}: row-level security would not hold it to one tenant. Connect as a role of its own that owns nothing, and give the owner by AUTONOMOS_RECORDS_OWNER.");
        }
    }

    private static async Task RefuseSchemaAsync(RecordsContext context, NpgsqlConnection connection, CancellationToken cancellation)
    {
        var tables = await ListAsync(connection, "SELECT relname::text FROM pg_class WHERE relname = '__EFMigrationsHistory' AND pg_table_is_visible(oid)", cancellation);
        var applied = tables.Count == 0 ? [] : await ListAsync(connection, "SELECT \"MigrationId\" FROM \"__EFMigrationsHistory\"", cancellation);
        RefuseNewer(applied, context);
        if (context.Database.GetMigrations().Except(applied, StringComparer.Ordinal).Any())
        {
            throw new RecordsUnavailableException(
                "The records' schema is not there or older than this program. Give the role that owns it by AUTONOMOS_RECORDS_OWNER and AUTONOMOS_RECORDS_OWNER_PASSWORD, once, and it is brought up to date.");
        }
    }

    private static async Task RefuseOpenTablesAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var open = await ListAsync(
            connection,
            """
            SELECT relname::text FROM pg_class
             WHERE relname = ANY (@tables) AND relkind = 'r' AND pg_table_is_visible(oid) AND NOT (relrowsecurity AND relforcerowsecurity)
            """,
            cancellation);
        if (open is [var table, ..])
        {
            throw new RecordsUnavailableException(
                $"Row-level security of the table {table} is off: its rows would be open to all tenants' work. As the owner, run: ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;");
        }
    }

    private static void RefuseNewer(IEnumerable<string> applied, RecordsContext context)
    {
        if (applied.Except(context.Database.GetMigrations(), StringComparer.Ordinal).LastOrDefault() is { } unknown)
        {
            throw new RecordsUnavailableException($"The records were written by a newer version ({unknown}). Run that version, or use another database.");
        }
    }

    private static async Task<List<string>> ListAsync(NpgsqlConnection connection, string text, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(text, connection);
        command.Parameters.AddWithValue("tables", RowSecurity.Tables.Select(table => table.Table).ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var found = new List<string>();
        while (await reader.ReadAsync(cancellation))
        {
            found.Add(reader.GetString(0));
        }

        return found;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static string Quote(string role) => '"' + role.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';
}
