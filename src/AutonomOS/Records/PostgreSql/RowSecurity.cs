namespace AutonomOS.Records.PostgreSql;

/// <summary>Row-level security as the migrations put it on, and what the application's role may do.</summary>
/// <remarks>
/// <para>
/// Each transaction says its scope first: <c>app.tenant</c> is the one tenant, or empty; <c>app.scope</c> is <c>all</c> for
/// <see cref="RecordsScope.AllTenants"/>, or empty. Both are set for the transaction alone, so nothing is left behind on a
/// pooled connection. A setting that was never made reads as NULL and one that was made once reads as empty text from
/// then on: <c>NULLIF</c> makes both NULL, and a comparison with NULL shows no row. So who forgets to say sees nothing.
/// </para>
/// <para>
/// Rows are written for the one tenant only. <c>all</c> reads, and deletes where rows have a retention; it never inserts
/// and never updates. Entries of the audit log are not updated by anyone: the application has no right to.
/// </para>
/// <para>
/// Security is forced, so it binds the owner too. It does not bind superusers and roles with BYPASSRLS, which is why
/// <see cref="PostgreSqlRecords"/> refuses to work as one. What a migration changes in rows it must do under
/// <c>app.scope</c> and <c>app.tenant</c>, or lift the force for its own transaction.
/// </para>
/// </remarks>
internal static class RowSecurity
{
    public const string TenantSetting = "app.tenant";
    public const string ScopeSetting = "app.scope";
    public const string AllTenants = "all";

    /// <summary>Each table, its column with the tenant, and what the application may do with its rows.</summary>
    public static IReadOnlyList<(string Table, string Tenant, string Rights)> Tables { get; } =
    [
        ("tenants", "id", "SELECT, INSERT, UPDATE"),
        ("api_keys", "tenant_id", "SELECT, INSERT, UPDATE"),
        ("archived_jobs", "tenant_id", "SELECT, INSERT, UPDATE, DELETE"),
        ("audit_entries", "tenant_id", "SELECT, INSERT, DELETE"),
    ];

    /// <summary>Puts a table under row-level security. Migrations that have run somewhere call this: to change a policy, add a migration with its own words.</summary>
    /// <param name="table">The table.</param>
    /// <param name="tenant">Its column with the tenant.</param>
    public static string Enable(string table, string tenant)
    {
        var own = $"{tenant} = NULLIF(current_setting('{TenantSetting}', true), '')";
        var all = $"NULLIF(current_setting('{ScopeSetting}', true), '') = '{AllTenants}'";
        return $"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY {table}_read ON {table} FOR SELECT USING ({own} OR {all});
            CREATE POLICY {table}_insert ON {table} FOR INSERT WITH CHECK ({own});
            CREATE POLICY {table}_update ON {table} FOR UPDATE USING ({own}) WITH CHECK ({own});
            CREATE POLICY {table}_delete ON {table} FOR DELETE USING ({own} OR {all});
            """;
    }
}
