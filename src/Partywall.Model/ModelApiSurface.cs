using System.Text;
using System.Text.Json.Nodes;
using Partywall.Targets;

namespace Partywall.Model;

/// <summary>The model's API as a list of endpoints, and calls of any of them.</summary>
/// <param name="clientOf">A tenant's client.</param>
/// <param name="tenants">The ids of all tenants, for the operator.</param>
/// <param name="bug">The planted bug.</param>
internal sealed class ModelApiSurface(Func<string, ModelClient> clientOf, Func<IEnumerable<string>> tenants, PlantedBug? bug) : IApiSurface
{
    private static readonly ApiEndpoint Get = new("GET job", EndpointReach.Job, Changes: false);
    private static readonly ApiEndpoint Cancel = new("POST job/cancel", EndpointReach.Job, Changes: true);
    private static readonly ApiEndpoint List = new("GET jobs", EndpointReach.Own, Changes: false);
    private static readonly ApiEndpoint Usage = new("GET usage", EndpointReach.Own, Changes: false);
    private static readonly ApiEndpoint Tenants = new("GET tenants", EndpointReach.Operator, Changes: false);
    private static readonly ApiEndpoint Export = new("GET export", EndpointReach.Unknown, Changes: false);

    public Task<IReadOnlyList<ApiEndpoint>> EndpointsAsync(CancellationToken cancellationToken)
    {
        List<ApiEndpoint> endpoints = [Get, Cancel, List, Usage, Tenants];
        if (bug == PlantedBug.EndpointNobodyProbes)
        {
            endpoints.Add(Export);
        }

        return Task.FromResult<IReadOnlyList<ApiEndpoint>>(endpoints);
    }

    public async Task<Reply<ApiAnswered>> CallAsync(ApiCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (call.Endpoint == Tenants)
        {
            return ForOperator(call);
        }

        var client = clientOf(call.Caller ?? throw new ArgumentException("Only a tenant calls this endpoint.", nameof(call)));
        return call.Endpoint.Name switch
        {
            _ when call.Endpoint == Get => Answered(await client.GetAsync(call.Job, cancellationToken)),
            _ when call.Endpoint == Cancel => Answered(await client.CancelAsync(call.Job, cancellationToken)),
            _ when call.Endpoint == List => Answered(await client.ListAsync(null, null, cancellationToken)),
            _ when call.Endpoint == Usage => Answered(await client.UsageAsync(cancellationToken)),
            var name => throw new ArgumentException($"The model has no endpoint {name}.", nameof(call)),
        };
    }

    private Reply<ApiAnswered> ForOperator(ApiCall call)
    {
        if (call.Caller is not null)
        {
            var refusal = new Refusal("operator_only", "This is for whoever runs the system.");
            return Reply.Refused<ApiAnswered>(refusal, Evidence(403, new JsonObject { ["code"] = refusal.Code }));
        }

        return Reply.Ok(new ApiAnswered(), Evidence(200, new JsonObject { ["tenants"] = new JsonArray([.. tenants().Select(static t => JsonValue.Create(t))]) }));
    }

    private static Reply<ApiAnswered> Answered<T>(Reply<T> reply)
        where T : class => reply.Kind switch
        {
            ReplyKind.Ok => Reply.Ok(new ApiAnswered(), reply.Evidence),
            ReplyKind.Refused => Reply.Refused<ApiAnswered>(reply.Refusal!, reply.Evidence),
            _ => Reply.NotFound<ApiAnswered>(reply.Evidence),
        };

    private static ReplyEvidence Evidence(int status, JsonObject body) => new(status, Encoding.UTF8.GetBytes(body.ToJsonString()));
}
