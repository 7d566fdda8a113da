namespace AutonomOS.Host.Api;

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
