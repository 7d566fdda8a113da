using System.Buffers.Text;
using System.Text;
using AutonomOS.Archiving;
using AutonomOS.Records;
using AutonomOS.Storage;
using AutonomOS.Tenants;

namespace AutonomOS.Host.Api;

/// <summary>What the admin key sees across tenants.</summary>
internal static class AdminEndpoints
{
    /// <summary>Tenants that one page looks at: a page may hold fewer jobs than were asked for while more follow.</summary>
    public const int TenantsPerPageMax = 50;

    public static void MapAdmin(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/admin/jobs", JobsAsync).For(ApiAudience.Admin, "ListAllJobs", "Lists jobs, tenant by tenant and newest first within one.")
            .Parameter("tenant", "Only jobs of this tenant.").FiltersByStatus().Pages().Produces<AdminJobListView>().Refuses(404);
        app.MapGet("/v1/admin/workers", WorkersAsync).For(ApiAudience.Admin, "ListWorkers", "Lists the workers that said something within the last minute.")
            .Produces<WorkerListView>();
    }

    private static async Task<IResult> JobsAsync(HttpContext http, JobReader reader, TenantRegistry tenants)
    {
        var query = new ApiQuery(http);
        var state = query.State("status");
        var limit = query.Whole("limit", ApiLimits.PageDefault, 1, ApiLimits.PageMax);
        TenantSettings? only = null;
        if (query.Text("tenant") is { } named)
        {
            only = TenantId.TryParse(named, out var id) && await tenants.GetAsync(id) is { } found ? found.Settings : throw new ApiException(Problems.NoSuchTenant);
        }

        var (at, inner) = ReadCursor(query.Text("cursor"));
        if (only is not null && at is not null && at != only.Id)
        {
            throw new ApiException(Problems.Invalid("cursor", "cursor belongs to a list of another tenant."));
        }

        var jobs = new List<JobItemView>();
        try
        {
            if (only is { } one)
            {
                var page = await reader.ListAsync(one.Id, one.Epoch, state, inner, limit, http.RequestAborted);
                jobs.AddRange(page.Jobs.Select(job => JobItemView.Of(job, one.Id.Value)));
                return Answer(jobs, page.NextCursor is null ? null : WriteCursor(one.Id, page.NextCursor));
            }

            var current = at;
            for (var looked = 0; looked < TenantsPerPageMax; looked++)
            {
                // In the middle of a tenant that was deleted meanwhile, the next one follows.
                var tenant = current is { } known && inner is not null ? (await tenants.GetAsync(known))?.Settings : null;
                if (tenant is null)
                {
                    var next = await tenants.ListAsync(current, 1);
                    if (next.Tenants is not [var found])
                    {
                        return Answer(jobs, null);
                    }

                    tenant = found.Settings;
                    current = tenant.Id;
                    inner = null;
                }

                var page = await reader.ListAsync(tenant.Id, tenant.Epoch, state, inner, limit - jobs.Count, http.RequestAborted);
                jobs.AddRange(page.Jobs.Select(job => JobItemView.Of(job, tenant.Id.Value)));
                inner = page.NextCursor;
                if (inner is not null || jobs.Count >= limit)
                {
                    break;
                }
            }

            return Answer(jobs, current is { } last ? WriteCursor(last, inner) : null);
        }
        catch (FormatException)
        {
            throw BadCursor();
        }
    }

    private static async Task<IResult> WorkersAsync(HttpContext http, IWorkStore store)
    {
        var workers = await store.WorkersAsync(http.RequestAborted);
        return ApiResults.Ok(
            new WorkerListView([.. workers.Select(worker => new WorkerView(worker.WorkerId, worker.Pool, worker.Slots, worker.Running, worker.Draining, worker.Host, worker.SeenAt))]),
            ApiFormat.Json.WorkerListView);
    }

    private static IResult Answer(List<JobItemView> jobs, string? cursor) =>
        ApiResults.Ok(new AdminJobListView(jobs, cursor), ApiFormat.Json.AdminJobListView);

    /// <summary>The tenant the page ended in, and where in it; no place means that the tenant is done.</summary>
    private static string WriteCursor(TenantId tenant, string? inner) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{tenant.Value}\n{inner}"));

    private static (TenantId? Tenant, string? Inner) ReadCursor(string? cursor)
    {
        if (cursor is null)
        {
            return (null, null);
        }

        try
        {
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split('\n');
            return parts is [var tenant, var inner] && TenantId.TryParse(tenant, out var id)
                ? (id, inner.Length == 0 ? null : inner)
                : throw BadCursor();
        }
        catch (FormatException)
        {
            throw BadCursor();
        }
    }

    private static ApiException BadCursor() => new(Problems.Invalid("cursor", "cursor is the next_cursor of a page before."));
}
