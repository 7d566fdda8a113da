using AutonomOS.Records;
using AutonomOS.Storage;
using Microsoft.AspNetCore.Http.Features;

namespace AutonomOS.Host.Api;

/// <summary>The outermost layer: whatever goes wrong inside becomes a problem with a stable code, or the end of a connection.</summary>
internal sealed partial class ApiErrors(RequestDelegate next, IHostApplicationLifetime lifetime, ILogger<ApiErrors> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            await next(http);
            if (!http.Response.HasStarted && http.Response.ContentLength is null && http.Response.ContentType is null)
            {
                await DescribeAsync(http);
            }
        }
        catch (Exception error) when (!http.Response.HasStarted)
        {
            if (Explain(error, http) is { } problem)
            {
                http.Response.Clear();
                http.Response.Headers.XContentTypeOptions = "nosniff";
                http.Response.Headers.CacheControl = "no-store";
                await ApiResults.WriteAsync(http, problem);
            }
        }
        catch (OperationCanceledException)
        {
            // The caller is gone, or the server is stopping: the stream just ends.
        }
        catch (Exception error)
        {
            // Half an answer is out: cutting the connection tells the caller that it is not whole.
            LogDefect(error, http.TraceIdentifier);
            http.Abort();
        }
    }

    private static Task DescribeAsync(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => ApiResults.WriteAsync(http, Problems.NoSuchEndpoint),
        StatusCodes.Status405MethodNotAllowed => ApiResults.WriteAsync(http, Problems.MethodNotAllowed),
        StatusCodes.Status415UnsupportedMediaType => ApiResults.WriteAsync(http, Problems.NotJson),
        _ => Task.CompletedTask,
    };

    /// <summary>Null when nobody is there to be told.</summary>
    private ApiProblem? Explain(Exception error, HttpContext http)
    {
        switch (error)
        {
            case ApiException { Problem: var problem }:
                return problem;
            case StoreUnavailableException:
                return Problems.StoreUnavailable;
            case OutcomeUnknownException:
                return Problems.OutcomeUnknown;
            case RecordsUnavailableException { OutcomeUnknown: true }:
                return Problems.RecordsOutcomeUnknown;
            case RecordsUnavailableException:
                return Problems.RecordsUnavailable;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Problems.BodyTooLarge(http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? 0);
            case BadHttpRequestException bad:
                return Problems.Invalid("request", $"The request could not be read: {bad.Message}") with { Status = bad.StatusCode };
            case OperationCanceledException when http.RequestAborted.IsCancellationRequested:
                return null;
            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                return Problems.Stopping;
            default:
                LogDefect(error, http.TraceIdentifier);
                return Problems.Defect(http.TraceIdentifier);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A request ended in a defect of the server; reference {Reference}.")]
    private partial void LogDefect(Exception error, string reference);
}
