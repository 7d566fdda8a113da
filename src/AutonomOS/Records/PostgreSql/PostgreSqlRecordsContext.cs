using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;

namespace AutonomOS.Records.PostgreSql;

/// <summary>The records on PostgreSQL.</summary>
/// <remarks>
/// Ids compare as bytes (<c>COLLATE "C"</c>): <c>Acme</c> and <c>acme</c> are two tenants, in the order of the API, whatever
/// the collation of the database. The check on the id repeats the rule of <see cref="TenantId"/> so that no other program
/// can put a hostile id in; <c>\Z</c> matches at the very end only.
/// </remarks>
internal sealed class PostgreSqlRecordsContext(DbContextOptions<PostgreSqlRecordsContext> options) : RecordsContext(options)
{
    private const string IdRule = @"id ~ '\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z'";
    private const string Bytes = "C";

    public override IQueryable<TenantRow> TenantForUpdate(TenantId id) =>
        Tenants.FromSql($"SELECT * FROM tenants WHERE id = {id.Value} FOR UPDATE");

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<TenantRow>(tenant =>
        {
            tenant.ToTable(table => table.HasCheckConstraint("tenants_id", IdRule));
            tenant.Property(row => row.Id).UseCollation(Bytes);
        });
        modelBuilder.Entity<ApiKeyRow>(key =>
        {
            key.ToTable(table => table.HasCheckConstraint("api_keys_secret_hash", $"length(secret_hash) = {ApiKey.HashBytes}"));
            key.Property(row => row.TenantId).UseCollation(Bytes);
            key.Property(row => row.Id).UseCollation(Bytes);
        });
        modelBuilder.Entity<ArchivedJobRow>(job =>
        {
            job.Property(row => row.TenantId).UseCollation(Bytes);
            job.Property(row => row.Id).UseCollation(Bytes);
        });
        modelBuilder.Entity<AuditRow>(entry =>
        {
            entry.Property(row => row.TenantId).UseCollation(Bytes);
            entry.Property(row => row.Id).UseCollation(Bytes);
        });
    }
}
