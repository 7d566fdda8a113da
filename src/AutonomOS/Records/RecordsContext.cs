using System.Text;
using AutonomOS.Jobs;
using AutonomOS.Storage;
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
/// tell of) another tenant's rows. Every table has a query filter for <see cref="Scope"/>.
/// </remarks>
internal abstract class RecordsContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<TenantRow> Tenants => Set<TenantRow>();

    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();

    public DbSet<ArchivedJobRow> ArchivedJobs => Set<ArchivedJobRow>();

    public DbSet<AuditRow> AuditEntries => Set<AuditRow>();

    /// <summary>Whose rows queries find; nobody's until it is said.</summary>
    public RecordsScope Scope { get; init; }

    private bool AllTenants => Scope.IsAll;

    private string? OneTenant => Scope.Tenant?.Value;

    /// <summary>A tenant's row that nobody else changes before this transaction ends.</summary>
    public virtual IQueryable<TenantRow> TenantForUpdate(TenantId id) => Tenants.Where(tenant => tenant.Id == id.Value);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
        configurationBuilder.Properties<TenantStatus>().HaveConversion<StatusText>().HaveMaxLength(16);
        configurationBuilder.Properties<JobState>().HaveConversion<StateText>().HaveMaxLength(16);
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
            tenant.HasQueryFilter(row => AllTenants || row.Id == OneTenant);
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
            key.HasQueryFilter(row => AllTenants || row.TenantId == OneTenant);
            key.HasOne<TenantRow>().WithMany().HasForeignKey(row => row.TenantId).OnDelete(DeleteBehavior.Restrict);
            key.Property(row => row.TenantId).HasColumnName("tenant_id").HasMaxLength(TenantId.LengthMax);
            key.Property(row => row.Id).HasColumnName("id").HasMaxLength(ApiKey.IdLength);
            key.Property(row => row.SecretHash).HasColumnName("secret_hash").HasMaxLength(ApiKey.HashBytes);
            key.Property(row => row.CreatedAt).HasColumnName("created_at");
            key.Property(row => row.RevokedAt).HasColumnName("revoked_at");
            // A key is looked up before its tenant is known. The index is not unique: 80 random bits make ids distinct.
            key.HasIndex(row => row.Id).HasDatabaseName("api_keys_id");
        });
        modelBuilder.Entity<ArchivedJobRow>(job =>
        {
            job.ToTable("archived_jobs", table => table.HasCheckConstraint("archived_jobs_state", "state IN ('completed', 'failed', 'cancelled')"));
            job.HasKey(row => new { row.TenantId, row.Epoch, row.Id });
            job.HasQueryFilter(row => AllTenants || row.TenantId == OneTenant);
            job.HasOne<TenantRow>().WithMany().HasForeignKey(row => row.TenantId).OnDelete(DeleteBehavior.Restrict);
            job.Property(row => row.TenantId).HasColumnName("tenant_id").HasMaxLength(TenantId.LengthMax);
            job.Property(row => row.Epoch).HasColumnName("epoch");
            job.Property(row => row.Id).HasColumnName("id").HasMaxLength(32);
            job.Property(row => row.ListSequence).HasColumnName("list_sequence");
            job.Property(row => row.EventSequence).HasColumnName("event_sequence");
            job.Property(row => row.State).HasColumnName("state");
            job.Property(row => row.Type).HasColumnName("type").HasMaxLength(128);
            job.Property(row => row.Pool).HasColumnName("pool").HasMaxLength(64);
            job.Property(row => row.Priority).HasColumnName("priority");
            job.Property(row => row.Payload).HasColumnName("payload");
            job.Property(row => row.Result).HasColumnName("result");
            // Texts of a tenant's making may hold what a text column does not take (PostgreSQL: a NUL).
            job.Property(row => row.Error).HasColumnName("error").HasConversion<Utf8Bytes>();
            job.Property(row => row.ProgressPercent).HasColumnName("progress_percent");
            job.Property(row => row.ProgressMessage).HasColumnName("progress_message").HasConversion<Utf8Bytes>();
            job.Property(row => row.Attempts).HasColumnName("attempts");
            job.Property(row => row.MaxAttempts).HasColumnName("max_attempts");
            job.Property(row => row.Failures).HasColumnName("failures");
            job.Property(row => row.LeasesLost).HasColumnName("leases_lost");
            job.Property(row => row.CancelRequested).HasColumnName("cancel_requested");
            job.Property(row => row.IdempotencyKey).HasColumnName("idempotency_key").HasMaxLength(128);
            job.Property(row => row.SubmittedAt).HasColumnName("submitted_at");
            job.Property(row => row.StartedAt).HasColumnName("started_at");
            job.Property(row => row.FinishedAt).HasColumnName("finished_at");
            // Lists are read backwards along these, so a page costs its own length.
            job.HasIndex(row => new { row.TenantId, row.Epoch, row.ListSequence, row.Id }).HasDatabaseName("archived_jobs_listed");
            job.HasIndex(row => new { row.TenantId, row.Epoch, row.State, row.ListSequence, row.Id }).HasDatabaseName("archived_jobs_listed_by_state");
            job.HasIndex(row => new { row.TenantId, row.FinishedAt }).HasDatabaseName("archived_jobs_finished");
        });
        modelBuilder.Entity<AuditRow>(entry =>
        {
            entry.ToTable("audit_entries");
            entry.HasKey(row => new { row.TenantId, row.Id });
            entry.HasQueryFilter(row => AllTenants || row.TenantId == OneTenant);
            entry.HasOne<TenantRow>().WithMany().HasForeignKey(row => row.TenantId).OnDelete(DeleteBehavior.Restrict);
            entry.Property(row => row.TenantId).HasColumnName("tenant_id").HasMaxLength(TenantId.LengthMax);
            entry.Property(row => row.Id).HasColumnName("id").HasMaxLength(AuditLog.IdLength);
            entry.Property(row => row.At).HasColumnName("at");
            entry.Property(row => row.Actor).HasColumnName("actor").HasMaxLength(Actor.LengthMax);
            entry.Property(row => row.Origin).HasColumnName("origin").HasMaxLength(Actor.LengthMax);
            entry.Property(row => row.Action).HasColumnName("action").HasMaxLength(AuditAction.LengthMax);
            entry.Property(row => row.Before).HasColumnName("before");
            entry.Property(row => row.After).HasColumnName("after");
            // For the list of all tenants' entries, and for removing the oldest.
            entry.HasIndex(row => row.Id).HasDatabaseName("audit_entries_id");
        });
    }

    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        time => time.ToUnixTimeMilliseconds(),
        value => DateTimeOffset.FromUnixTimeMilliseconds(value));

    private sealed class StatusText() : ValueConverter<TenantStatus, string>(
        status => TenantStatusText.Of(status),
        text => TenantStatusText.Parse(text));

    private sealed class StateText() : ValueConverter<JobState, string>(
        state => JobFields.Name(state),
        text => JobFields.State(text));

    private sealed class Utf8Bytes() : ValueConverter<string, byte[]>(
        text => Encoding.UTF8.GetBytes(text),
        bytes => Encoding.UTF8.GetString(bytes));
}
