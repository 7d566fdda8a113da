using AutonomOS.Tenants;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace AutonomOS.Records;

/// <summary>
/// The model of the records, the same for every database. A database is a derived context with what only it can say
/// (collation, check constraints), its own design-time factory and its own folder of migrations.
/// </summary>
/// <remarks>
/// Every primary key and every unique constraint begins with the tenant, so that no constraint can be hit by (and so
/// tell of) another tenant's rows.
/// </remarks>
internal abstract class RecordsContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<TenantRow> Tenants => Set<TenantRow>();

    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
        configurationBuilder.Properties<TenantStatus>().HaveConversion<StatusText>().HaveMaxLength(16);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<TenantRow>(tenant =>
        {
            tenant.ToTable("tenants", table =>
            {
                table.HasCheckConstraint("tenants_epoch", $"epoch BETWEEN 1 AND {TenantSettings.EpochMax}");
                table.HasCheckConstraint("tenants_version", "version >= 1");
                table.HasCheckConstraint("tenants_status", "status IN ('active', 'suspended', 'deleting', 'deleted')");
                table.HasCheckConstraint("tenants_weight", $"weight BETWEEN 1 AND {TenantSettings.WeightMax}");
                table.HasCheckConstraint("tenants_max_concurrent", "max_concurrent >= 1");
                table.HasCheckConstraint("tenants_max_queued", "max_queued >= 0");
            });
            tenant.HasKey(row => row.Id);
            tenant.Property(row => row.Id).HasColumnName("id").HasMaxLength(TenantId.LengthMax);
            tenant.Property(row => row.Epoch).HasColumnName("epoch");
            tenant.Property(row => row.Status).HasColumnName("status");
            tenant.Property(row => row.Weight).HasColumnName("weight");
            tenant.Property(row => row.MaxConcurrent).HasColumnName("max_concurrent");
            tenant.Property(row => row.MaxQueued).HasColumnName("max_queued");
            tenant.Property(row => row.PayloadBytesMax).HasColumnName("payload_bytes_max");
            tenant.Property(row => row.ResultBytesMax).HasColumnName("result_bytes_max");
            tenant.Property(row => row.ErrorBytesMax).HasColumnName("error_bytes_max");
            tenant.Property(row => row.TotalPayloadBytesMax).HasColumnName("total_payload_bytes_max");
            tenant.Property(row => row.RetentionSeconds).HasColumnName("retention_seconds");
            tenant.Property(row => row.Version).HasColumnName("version").IsConcurrencyToken();
            tenant.Property(row => row.CreatedAt).HasColumnName("created_at");
            tenant.Property(row => row.UpdatedAt).HasColumnName("updated_at");
        });
        modelBuilder.Entity<ApiKeyRow>(key =>
        {
            key.ToTable("api_keys");
            key.HasKey(row => new { row.TenantId, row.Id });
            key.HasOne<TenantRow>().WithMany().HasForeignKey(row => row.TenantId).OnDelete(DeleteBehavior.Restrict);
            key.Property(row => row.TenantId).HasColumnName("tenant_id").HasMaxLength(TenantId.LengthMax);
            key.Property(row => row.Id).HasColumnName("id").HasMaxLength(ApiKey.IdLength);
            key.Property(row => row.SecretHash).HasColumnName("secret_hash").HasMaxLength(ApiKey.HashBytes);
            key.Property(row => row.CreatedAt).HasColumnName("created_at");
            key.Property(row => row.RevokedAt).HasColumnName("revoked_at");
            // A key is looked up before its tenant is known. The index is not unique: 80 random bits make ids distinct.
            key.HasIndex(row => row.Id).HasDatabaseName("api_keys_id");
        });
    }

    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        time => time.ToUnixTimeMilliseconds(),
        value => DateTimeOffset.FromUnixTimeMilliseconds(value));

    private sealed class StatusText() : ValueConverter<TenantStatus, string>(
        status => TenantStatusText.Of(status),
        text => TenantStatusText.Parse(text));
}
