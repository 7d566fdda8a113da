using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Partywall.Targets;

namespace Partywall.AutonomOS.Http;

/// <summary>The API by its own OpenAPI document, and calls of whatever is in it.</summary>
/// <param name="operation">The connection with the admin key.</param>
/// <param name="tenant">A tenant's connection.</param>
internal sealed partial class ApiSurface(ApiConnection operation, Func<string, ApiConnection> tenant) : IApiSurface
{
    /// <summary>How long the beginning of an endless answer is waited for, in milliseconds.</summary>
    private const int StreamMs = 3_000;

    private const string Document = "openapi/v1.json";

    // What an operator's change is made on: a version, a key and fields that never were.
    private const string NoVersion = "\"999999999\"";
    private const string NoKey = "nokey";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ApiEndpoint>> EndpointsAsync(CancellationToken cancellationToken)
    {
        var document = await operation.SendAsync(HttpMethod.Get, Document, null, null, cancellationToken);
        if (document.Kind != ReplyKind.Ok || document.Body.ValueKind != JsonValueKind.Object || !document.Body.TryGetProperty("paths", out var paths))
        {
            throw new TargetException($"The host's description of its API ({Document}) cannot be read: {document.Words}");
        }

        // Beside its methods a path may have a summary or parameters, which have no responses.
        return
        [
            .. from path in paths.EnumerateObject()
               from method in path.Value.EnumerateObject()
               where method.Value.ValueKind == JsonValueKind.Object && method.Value.TryGetProperty("responses", out _)
               select Endpoint(path.Name, method),
        ];
    }

    /// <inheritdoc/>
    public async Task<Reply<ApiAnswered>> CallAsync(ApiCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var (method, path) = Split(call.Endpoint.Name);
        var named = call.Endpoint.Reach == EndpointReach.Operator ? call.Tenant : call.Job;
        var url = path.TrimStart('/')
            .Replace("{id}", Uri.EscapeDataString(named), StringComparison.Ordinal)
            .Replace("{keyId}", NoKey, StringComparison.Ordinal);
        var connection = call.Caller is { } caller ? tenant(caller) : operation;
        if (method == HttpMethod.Get.Method && call.Endpoint.Reach == EndpointReach.Job)
        {
            // One of these is a stream, and another may become one.
            return (await connection.BeginningAsync(url, TimeSpan.FromMilliseconds(StreamMs), cancellationToken)).To(static _ => new ApiAnswered());
        }

        // Who names a tenant in the body must not be taken for it.
        var body = call.Endpoint is { Changes: true, Reach: EndpointReach.Own or EndpointReach.Operator }
            ? JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["tenant"] = call.Tenant, ["job"] = call.Job })
            : null;
        var version = call.Endpoint is { Changes: true, Reach: EndpointReach.Operator } ? EntityTagHeaderValue.Parse(NoVersion) : null;
        var answer = await connection.SendAsync(new HttpMethod(method), url, body, version, cancellationToken);
        return answer.To(static _ => new ApiAnswered());
    }

    /// <summary>Whom an endpoint serves, by its path and its tags. What does not fit is not known.</summary>
    internal static EndpointReach Reach(string path, IReadOnlyList<string> tags)
    {
        var names = Parameter().Matches(path).Select(static m => m.Groups["name"].Value).ToList();
        return tags switch
        {
            ["health"] when names.Count == 0 => EndpointReach.Open,
            ["admin"] when names.TrueForAll(static n => n is "id" or "keyId") => EndpointReach.Operator,
            ["tenant"] when names.Count == 0 => EndpointReach.Own,
            ["tenant"] when names is ["id"] && path.StartsWith("/v1/jobs/{id}", StringComparison.Ordinal) => EndpointReach.Job,
            _ => EndpointReach.Unknown,
        };
    }

    private static (string Method, string Path) Split(string name) => (name[..name.IndexOf(' ', StringComparison.Ordinal)], name[(name.IndexOf(' ', StringComparison.Ordinal) + 1)..]);

    private static ApiEndpoint Endpoint(string path, JsonProperty method)
    {
        var verb = method.Name.ToUpperInvariant();
        IReadOnlyList<string> tags = method.Value.TryGetProperty("tags", out var named) ? [.. named.EnumerateArray().Select(static t => t.GetString()!)] : [];
        return new ApiEndpoint($"{verb} {path}", Reach(path, tags), Changes: verb is not ("GET" or "HEAD" or "OPTIONS"));
    }

    [GeneratedRegex(@"\{(?<name>[^{}]+)\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Parameter();
}
