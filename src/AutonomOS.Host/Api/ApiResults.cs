using System.Text.Json.Serialization.Metadata;

namespace AutonomOS.Host.Api;

/// <summary>Writes answers and problems.</summary>
internal static class ApiResults
{
    public static IResult Ok<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(value, type, "application/json", status);

    public static IResult Problem(ApiProblem problem) => new ProblemResult(problem);

    /// <summary>Writes a problem as the whole answer. Nothing may have been sent yet.</summary>
    public static Task WriteAsync(HttpContext http, ApiProblem problem)
    {
        http.Response.StatusCode = problem.Status;
        if (problem.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return http.Response.WriteAsJsonAsync(problem, ApiFormat.Json.ApiProblem, ApiProblem.ContentType, http.RequestAborted);
    }

    private sealed class ProblemResult(ApiProblem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, problem);
    }
}
