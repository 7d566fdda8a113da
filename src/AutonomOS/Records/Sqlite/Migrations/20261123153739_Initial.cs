using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace AutonomOS.Records.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "tenants",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false, collation: "BINARY"),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    weight = table.Column<int>(type: "INTEGER", nullable: false),
                    max_concurrent = table.Column<int>(type: "INTEGER", nullable: false),
                    max_queued = table.Column<int>(type: "INTEGER", nullable: false),
                    payload_bytes_max = table.Column<int>(type: "INTEGER", nullable: false),
                    result_bytes_max = table.Column<int>(type: "INTEGER", nullable: false),
                    error_bytes_max = table.Column<int>(type: "INTEGER", nullable: false),
                    total_payload_bytes_max = table.Column<long>(type: "INTEGER", nullable: false),
                    retention_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_tenants", x => x.id);
                    table.CheckConstraint("tenants_epoch", "epoch BETWEEN 1 AND 1048576");
                    table.CheckConstraint("tenants_id", "length(id) BETWEEN 1 AND 64 AND length(CAST(id AS BLOB)) = length(id) AND id GLOB '[A-Za-z0-9]*' AND id NOT GLOB '*[^A-Za-z0-9._-]*'");
                    table.CheckConstraint("tenants_max_concurrent", "max_concurrent >= 1");
                    table.CheckConstraint("tenants_max_queued", "max_queued >= 0");
                    table.CheckConstraint("tenants_status", "status IN ('active', 'suspended', 'deleting', 'deleted')");
                    table.CheckConstraint("tenants_version", "version >= 1");
                    table.CheckConstraint("tenants_weight", "weight BETWEEN 1 AND 1000");
                });

            migrationBuilder.CreateTable(
                name: "api_keys",
                columns: table => new
                {
                    tenant_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false, collation: "BINARY"),
                    id = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false, collation: "BINARY"),
                    secret_hash = table.Column<byte[]>(type: "BLOB", maxLength: 32, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_api_keys", x => new { x.tenant_id, x.id });
                    table.CheckConstraint("api_keys_secret_hash", "length(secret_hash) = 32");
                    table.ForeignKey(
                        name: "FK_api_keys_tenants_tenant_id",
                        column: x => x.tenant_id,
                        principalTable: "tenants",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateIndex(
                name: "api_keys_id",
                table: "api_keys",
                column: "id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "api_keys");

            migrationBuilder.DropTable(
                name: "tenants");
        }
    }
}
