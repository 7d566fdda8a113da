using AutonomOS.Lifecycle;
using AutonomOS.Records;
using AutonomOS.Tenants;

namespace AutonomOS.Host.Api;

/// <summary>Tenants, for the admin key.</summary>
internal static class TenantEndpoints
{
    public static void MapTenants(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/tenants", CreateAsync).For(ApiAudience.Admin, "CreateTenant", "Creates a tenant.")
            .Takes<CreateTenantRequest>(ApiLimits.BodyBytesMax).Produces<TenantView>(201).Refuses(409);
        app.MapGet("/v1/tenants", ListAsync).For(ApiAudience.Admin, "ListTenants", "Lists tenants in the order of their ids.")
            .Pages().Produces<TenantListView>();
        app.MapGet("/v1/tenants/{id}", GetAsync).For(ApiAudience.Admin, "GetTenant", "Gives one tenant and, as ETag, its version.")
            .Produces<TenantView>().Refuses(404);
        app.MapPatch("/v1/tenants/{id}", ChangeAsync).For(ApiAudience.Admin, "ChangeTenant", "Changes weight and limits.")
            .Takes<ChangeTenantRequest>(ApiLimits.BodyBytesMax).MatchesVersion(required: true).Produces<TenantView>().Refuses(404, 409, 428);
        app.MapDelete("/v1/tenants/{id}", DeleteAsync).For(ApiAudience.Admin, "DeleteTenant", "Begins to delete a tenant: its keys end at once, its jobs are ended and archived, its data in the store removed. Repeat it as often as you like.")
            .MatchesVersion(required: true).Parameter("mode", "What becomes of running jobs: cancel (default) asks them to stop and waits 30 seconds at most, drain lets them end. Pending jobs are cancelled.")
            .Produces<TenantView>(202).Refuses(404, 428);
        app.MapPost("/v1/tenants/{id}/suspend", SuspendAsync).For(ApiAudience.Admin, "SuspendTenant", "Refuses new jobs and starts none; what runs goes on.")
            .MatchesVersion(required: false).Produces<TenantView>().Refuses(404, 409);
        app.MapPost("/v1/tenants/{id}/resume", ResumeAsync).For(ApiAudience.Admin, "ResumeTenant", "Ends a suspension.")
            .MatchesVersion(required: false).Produces<TenantView>().Refuses(404, 409);
        app.MapPost("/v1/tenants/{id}/keys", IssueKeyAsync).For(ApiAudience.Admin, "IssueKey", "Issues a key. Its secret is shown this once.")
            .Produces<IssuedKeyView>(201).Refuses(404, 409);
        app.MapGet("/v1/tenants/{id}/keys", ListKeysAsync).For(ApiAudience.Admin, "ListKeys", "Lists a tenant's keys, without secrets; those in force first, at most 200.")
            .Produces<KeyListView>().Refuses(404);
        app.MapPost("/v1/tenants/{id}/keys/{keyId}/rotate", RotateKeyAsync).For(ApiAudience.Admin, "RotateKey", "Issues a key in place of another, which stays in force for a while.")
            .Parameter("overlap_seconds", $"How long the old key stays in force, 0 to {TenantRegistry.OverlapSecondsMax}; default {TenantRegistry.OverlapSecondsDefault}.", whole: true)
            .Produces<RotatedKeyView>(201).Refuses(404, 409);
        app.MapDelete("/v1/tenants/{id}/keys/{keyId}", RevokeKeyAsync).For(ApiAudience.Admin, "RevokeKey", "Revokes a key, within 5 seconds everywhere.")
            .Produces(204).Refuses(404);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, TenantRegistry tenants)
    {
        var request = await ApiBody.ReadAsync(http, ApiFormat.Json.CreateTenantRequest);
        var errors = TenantRequests.Check(request);
        if (!TenantId.TryParse(request.Id, out var id))
        {
            errors["id"] = [request.Id is null ? "id is missing." : "id has 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit."];
        }

        if (errors.Count > 0)
        {
            throw new ApiException(Problems.Invalid(errors));
        }

        var (weight, limits) = TenantRequests.Apply(request, 1, new TenantLimits());
        var result = await tenants.CreateAsync(http.Actor(), id, weight, limits);
        if (result.Status is TenantChangeStatus.Done)
        {
            http.Response.Headers.Location = $"/v1/tenants/{id.Value}";
        }

        return Answer(http, result, StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(HttpContext http, TenantRegistry tenants)
    {
        var query = new ApiQuery(http);
        TenantId? after = null;
        if (query.Text("cursor") is { } cursor)
        {
            after = TenantId.TryParse(cursor, out var last) ? last : throw new ApiException(Problems.Invalid("cursor", "cursor is the next_cursor of a page before."));
        }

        var page = await tenants.ListAsync(after, query.Whole("limit", ApiLimits.PageDefault, 1, ApiLimits.PageMax));
        return ApiResults.Ok(new TenantListView([.. page.Tenants.Select(TenantView.Of)], page.Next?.Value), ApiFormat.Json.TenantListView);
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, TenantRegistry tenants) =>
        Answer(http, new TenantChangeResult(TenantChangeStatus.Done, await tenants.GetAsync(Id(id)) ?? throw new ApiException(Problems.NoSuchTenant)));

    private static async Task<IResult> ChangeAsync(HttpContext http, string id, TenantRegistry tenants)
    {
        var tenant = Id(id);
        var expected = EntityVersion.Expected(http, required: true);
        var request = await ApiBody.ReadAsync(http, ApiFormat.Json.ChangeTenantRequest);
        var errors = TenantRequests.Check(request);
        if (request == new ChangeTenantRequest())
        {
            errors["body"] = ["The change names no field: give weight or a limit."];
        }

        if (errors.Count > 0)
        {
            throw new ApiException(Problems.Invalid(errors));
        }

        return Answer(http, await tenants.ChangeAsync(http.Actor(), tenant, expected, (weight, limits) => TenantRequests.Apply(request, weight, limits)));
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string id, TenantRemoval removal)
    {
        var tenant = Id(id);
        var expected = EntityVersion.Expected(http, required: true);
        var mode = new ApiQuery(http).Text("mode") switch
        {
            null or "cancel" => DeletionMode.Cancel,
            "drain" => DeletionMode.Drain,
            _ => throw new ApiException(Problems.Invalid("mode", "mode is cancel or drain.")),
        };
        return Answer(http, await removal.BeginAsync(http.Actor(), tenant, expected, mode, http.RequestAborted), StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> SuspendAsync(HttpContext http, string id, TenantRegistry tenants) =>
        Answer(http, await tenants.SuspendAsync(http.Actor(), Id(id), EntityVersion.Expected(http, required: false)));

    private static async Task<IResult> ResumeAsync(HttpContext http, string id, TenantRegistry tenants) =>
        Answer(http, await tenants.ResumeAsync(http.Actor(), Id(id), EntityVersion.Expected(http, required: false)));

    private static async Task<IResult> IssueKeyAsync(HttpContext http, string id, TenantRegistry tenants)
    {
        var issued = await tenants.IssueKeyAsync(http.Actor(), Id(id));
        return issued.Status is TenantChangeStatus.Done
            ? ApiResults.Ok(new IssuedKeyView(issued.Key!.Id, issued.Key.Reveal(), issued.CreatedAt), ApiFormat.Json.IssuedKeyView, StatusCodes.Status201Created)
            : ApiResults.Problem(NoKey(issued.Status));
    }

    private static async Task<IResult> RotateKeyAsync(HttpContext http, string id, string keyId, TenantRegistry tenants)
    {
        var overlap = new ApiQuery(http).Whole("overlap_seconds", TenantRegistry.OverlapSecondsDefault, 0, TenantRegistry.OverlapSecondsMax);
        var rotated = await tenants.RotateKeyAsync(http.Actor(), Id(id), keyId, TimeSpan.FromSeconds(overlap));
        return rotated.Status is TenantChangeStatus.Done
            ? ApiResults.Ok(new RotatedKeyView(rotated.Key!.Id, rotated.Key.Reveal(), rotated.CreatedAt, keyId, rotated.OldRevokedAt), ApiFormat.Json.RotatedKeyView, StatusCodes.Status201Created)
            : ApiResults.Problem(NoKey(rotated.Status));
    }

    private static async Task<IResult> ListKeysAsync(string id, TenantRegistry tenants)
    {
        var keys = await tenants.ListKeysAsync(Id(id), ApiLimits.PageMax) ?? throw new ApiException(Problems.NoSuchTenant);
        return ApiResults.Ok(new KeyListView([.. keys.Select(key => new KeyView(key.Id, key.CreatedAt, key.RevokedAt))]), ApiFormat.Json.KeyListView);
    }

    private static async Task<IResult> RevokeKeyAsync(HttpContext http, string id, string keyId, TenantRegistry tenants) =>
        await tenants.RevokeKeyAsync(http.Actor(), Id(id), keyId) ? TypedResults.NoContent() : ApiResults.Problem(Problems.NoSuchKey);

    private static ApiProblem NoKey(TenantChangeStatus why) => why switch
    {
        TenantChangeStatus.TooManyKeys => Problems.TooManyKeys,
        TenantChangeStatus.Gone => Problems.TenantGone,
        TenantChangeStatus.NoSuchKey => Problems.NoSuchKey,
        TenantChangeStatus.KeyRevoked => Problems.KeyRevoked,
        _ => Problems.NoSuchTenant,
    };

    /// <summary>What is no tenant id names no tenant.</summary>
    private static TenantId Id(string text) => TenantId.TryParse(text, out var id) ? id : throw new ApiException(Problems.NoSuchTenant);

    private static IResult Answer(HttpContext http, TenantChangeResult result, int status = StatusCodes.Status200OK)
    {
        switch (result)
        {
            case { Status: TenantChangeStatus.Done, Tenant: { } tenant }:
                EntityVersion.Write(http, tenant.Settings.Version);
                return ApiResults.Ok(TenantView.Of(tenant), ApiFormat.Json.TenantView, status);
            case { Status: TenantChangeStatus.Exists }:
                return ApiResults.Problem(Problems.TenantExists);
            case { Status: TenantChangeStatus.Gone }:
                return ApiResults.Problem(Problems.TenantGone);
            case { Status: TenantChangeStatus.VersionConflict, Tenant: { } tenant }:
                EntityVersion.Write(http, tenant.Settings.Version);
                return ApiResults.Problem(Problems.VersionConflict(tenant.Settings.Version));
            default:
                return ApiResults.Problem(Problems.NoSuchTenant);
        }
    }
}
