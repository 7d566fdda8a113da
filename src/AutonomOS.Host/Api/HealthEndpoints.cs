using AutonomOS.Archiving;
using AutonomOS.Storage;

namespace AutonomOS.Host.Api;

/// <summary>Open to all, and telling how the server is, not whom it serves.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz/live", () => ApiResults.Ok(new HealthView("live"), ApiFormat.Json.HealthView))
            .WithName("Live").WithSummary("Answers as long as the process does.").WithTags("health").Produces<HealthView>();
        app.MapGet("/healthz/ready", ReadyAsync)
            .WithName("Ready").WithSummary("Answers 200 while the store answers, 503 otherwise.").WithTags("health").Produces<HealthView>().Refuses(503);
    }

    private static async Task<IResult> ReadyAsync(HttpContext http, IJobStore store, Archiver archiver)
    {
        await store.PingAsync(http.RequestAborted);
        return ApiResults.Ok(new HealthView("ready", archiver.IsDelayed ? "delayed" : null), ApiFormat.Json.HealthView);
    }
}
