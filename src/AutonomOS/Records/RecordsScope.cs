using AutonomOS.Tenants;

namespace AutonomOS.Records;

/// <summary>Whose rows one unit of work may see and write: said at its beginning, by name, and in force until its end.</summary>
/// <remarks>
/// <para>
/// <see cref="Of"/> is one tenant: another's rows are not there for it, whatever the query says or forgets to say.
/// <see cref="AllTenants"/> is for what is nobody's own: finding the owner of a key, listing and publishing tenants,
/// removing what is past its retention. It reads across tenants and may delete, and can neither insert nor change a row:
/// who writes says for whom. <see cref="None"/>, the default, sees nothing.
/// </para>
/// <para>
/// Every database has query filters from this (<see cref="RecordsContext"/>). PostgreSQL also holds whoever speaks SQL to
/// it: the scope is set for the transaction, and the policies of the tables read it.
/// </para>
/// </remarks>
internal readonly record struct RecordsScope
{
    private RecordsScope(TenantId? tenant, bool all) => (Tenant, IsAll) = (tenant, all);

    public static RecordsScope None => default;

    public static RecordsScope AllTenants { get; } = new(null, all: true);

    /// <summary>The one tenant; null for none or all.</summary>
    public TenantId? Tenant { get; }

    public bool IsAll { get; }

    public static RecordsScope Of(TenantId tenant) => new(tenant, all: false);
}
