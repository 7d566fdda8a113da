using System.Text;
using AutonomOS.Records;
using AutonomOS.Tenants;

namespace AutonomOS.Host.Api;

/// <summary>What was done to tenants and keys, for the admin key.</summary>
internal static class AuditEndpoint
{
    public static void MapAudit(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/admin/audit", ListAsync).For(ApiAudience.Admin, "ListAudit", "Lists what was done to tenants and keys, by whom and when; newest first.")
            .Parameter("tenant", "Only what was done to this tenant, in all its lives.").Pages().Produces<AuditListView>();

    private static async Task<IResult> ListAsync(HttpContext http, AuditLog audit)
    {
        var query = new ApiQuery(http);
        TenantId? only = null;
        if (query.Text("tenant") is { } named)
        {
            only = TenantId.TryParse(named, out var id) ? id : throw new ApiException(Problems.Invalid("tenant", "tenant is the id of a tenant."));
        }

        var limit = query.Whole("limit", ApiLimits.PageDefault, 1, ApiLimits.PageMax);
        var cursor = query.Text("cursor");
        if (cursor is not null && !AuditLog.IsId(cursor))
        {
            throw new ApiException(Problems.Invalid("cursor", "cursor is the next_cursor of a page before."));
        }

        var entries = await audit.ListAsync(only, cursor, limit, http.RequestAborted);
        return ApiResults.Ok(new AuditListView([.. entries.Select(View)], entries.Count == limit ? entries[^1].Id : null), ApiFormat.Json.AuditListView);
    }

    private static AuditEntryView View(AuditEntry entry) =>
        new(entry.Id, entry.At, entry.Tenant.Value, entry.Actor, entry.Origin, entry.Action, Json(entry.Before), Json(entry.After));

    private static RawJson? Json(string? text) => text is not null && RawJson.TryCreate(Encoding.UTF8.GetBytes(text), out var json) ? json : null;
}
