namespace AutonomOS.Host.Api;

/// <summary>The mark of an endpoint that reads If-Match.</summary>
internal sealed record ApiVersionMatch(bool Required);

/// <summary>Says of an endpoint whose key it takes and what it may answer, for the gate and for the OpenAPI document alike.</summary>
internal static class EndpointDescriptions
{
    public static RouteHandlerBuilder For(this RouteHandlerBuilder endpoint, ApiAudience audience, string name, string summary)
    {
        endpoint.WithMetadata(new ApiAudienceMark(audience)).WithName(name).WithSummary(summary)
            .WithTags(audience is ApiAudience.Admin ? "admin" : "tenant")
            .Refuses(401, 403, 503);
        return audience is ApiAudience.Admin ? endpoint : endpoint.Refuses(429);
    }

    /// <summary>Names a query parameter; what is not named is refused.</summary>
    public static RouteHandlerBuilder Parameter(this RouteHandlerBuilder endpoint, string name, string description, bool whole = false) =>
        endpoint.WithMetadata(new ApiParameter(name, description, whole)).Refuses(400);

    /// <summary>The parameters of a list.</summary>
    public static RouteHandlerBuilder Pages(this RouteHandlerBuilder endpoint) => endpoint
        .Parameter("cursor", "The next_cursor of the page before.")
        .Parameter("limit", $"Items on the page, 1 to {ApiLimits.PageMax}; default {ApiLimits.PageDefault}.", whole: true);

    /// <summary>The filter of a list of jobs.</summary>
    public static RouteHandlerBuilder FiltersByStatus(this RouteHandlerBuilder endpoint) =>
        endpoint.Parameter("status", "Only jobs in this state: pending, running, completed, failed or cancelled.");

    /// <summary>Says that the endpoint reads If-Match.</summary>
    public static RouteHandlerBuilder MatchesVersion(this RouteHandlerBuilder endpoint, bool required) =>
        endpoint.WithMetadata(new ApiVersionMatch(required)).Refuses(400, 412);

    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            endpoint.Produces<ApiProblem>(status, ApiProblem.ContentType);
        }

        return endpoint;
    }

    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder endpoint, int bodyBytesMax)
        where T : notnull =>
        endpoint.Accepts<T>("application/json").WithMetadata(new ApiBodyLimit(bodyBytesMax)).Refuses(400, 413, 415);
}
