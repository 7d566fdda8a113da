using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace AutonomOS.Records.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class ArchivedJobs : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "archived_jobs",
                columns: table => new
                {
                    tenant_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false, collation: "BINARY"),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    id = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false, collation: "BINARY"),
                    list_sequence = table.Column<long>(type: "INTEGER", nullable: false),
                    event_sequence = table.Column<long>(type: "INTEGER", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    type = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    pool = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    priority = table.Column<int>(type: "INTEGER", nullable: false),
                    payload = table.Column<byte[]>(type: "BLOB", nullable: true),
                    result = table.Column<byte[]>(type: "BLOB", nullable: true),
                    error = table.Column<byte[]>(type: "BLOB", nullable: true),
                    progress_percent = table.Column<int>(type: "INTEGER", nullable: false),
                    progress_message = table.Column<byte[]>(type: "BLOB", nullable: true),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    max_attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    failures = table.Column<int>(type: "INTEGER", nullable: false),
                    leases_lost = table.Column<int>(type: "INTEGER", nullable: false),
                    cancel_requested = table.Column<bool>(type: "INTEGER", nullable: false),
                    idempotency_key = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    submitted_at = table.Column<long>(type: "INTEGER", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_archived_jobs", x => new { x.tenant_id, x.epoch, x.id });
                    table.CheckConstraint("archived_jobs_state", "state IN ('completed', 'failed', 'cancelled')");
                    table.ForeignKey(
                        name: "FK_archived_jobs_tenants_tenant_id",
                        column: x => x.tenant_id,
                        principalTable: "tenants",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "archived_jobs_finished",
                table: "archived_jobs",
                columns: new[] { "tenant_id", "finished_at" });

            migrationBuilder.CreateIndex(
                name: "archived_jobs_listed",
                table: "archived_jobs",
                columns: new[] { "tenant_id", "epoch", "list_sequence", "id" });

            migrationBuilder.CreateIndex(
                name: "archived_jobs_listed_by_state",
                table: "archived_jobs",
                columns: new[] { "tenant_id", "epoch", "state", "list_sequence", "id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "archived_jobs");
        }
    }
}
