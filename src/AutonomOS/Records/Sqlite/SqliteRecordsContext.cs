using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Records.Sqlite;

/// <summary>The records on SQLite.</summary>
/// <remarks>
/// Ids compare as bytes (<c>BINARY</c>): <c>Acme</c> and <c>acme</c> are two tenants. The check on the id repeats the
/// rule of <see cref="Tenants.TenantId"/> so that no other program can put a hostile id in; SQLite's <c>length</c> of a
/// text stops at a NUL, hence the comparison with its length as bytes.
/// </remarks>
internal sealed class SqliteRecordsContext(DbContextOptions<SqliteRecordsContext> options) : RecordsContext(options)
{
    private const string IdRule =
        "length(id) BETWEEN 1 AND 64 AND length(CAST(id AS BLOB)) = length(id) AND id GLOB '[A-Za-z0-9]*' AND id NOT GLOB '*[^A-Za-z0-9._-]*'";

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<TenantRow>(tenant =>
        {
            tenant.ToTable(table => table.HasCheckConstraint("tenants_id", IdRule));
            tenant.Property(row => row.Id).UseCollation("BINARY");
        });
        modelBuilder.Entity<ApiKeyRow>(key =>
        {
            key.ToTable(table => table.HasCheckConstraint("api_keys_secret_hash", $"length(secret_hash) = {ApiKey.HashBytes}"));
            key.Property(row => row.TenantId).UseCollation("BINARY");
            key.Property(row => row.Id).UseCollation("BINARY");
        });
        modelBuilder.Entity<ArchivedJobRow>(job =>
        {
            job.Property(row => row.TenantId).UseCollation("BINARY");
            job.Property(row => row.Id).UseCollation("BINARY");
        });
        modelBuilder.Entity<AuditRow>(entry =>
        {
            entry.Property(row => row.TenantId).UseCollation("BINARY");
            entry.Property(row => row.Id).UseCollation("BINARY");
        });
    }
}
