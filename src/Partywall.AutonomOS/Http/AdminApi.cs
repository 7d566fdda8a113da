using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Partywall.Targets;

namespace Partywall.AutonomOS.Http;

/// <summary>What the harness does with the admin key. Thread-safe.</summary>
internal sealed class AdminApi(Uri api, string adminKey, TimeSpan bound) : IDisposable
{
    private readonly ApiConnection _connection = new(api, adminKey, bound);

    /// <summary>Its connection, for calls that are found by the API's description.</summary>
    public ApiConnection Connection => _connection;

    /// <summary>Whether the host says that it is ready: store reached, requests taken.</summary>
    public async Task<ApiAnswer> ReadyAsync(CancellationToken cancellationToken) =>
        await _connection.SendAsync(HttpMethod.Get, "healthz/ready", null, null, cancellationToken);

    /// <summary>Brings a tenant in and draws an API key for it.</summary>
    /// <returns>The key.</returns>
    /// <exception cref="TargetException">Refused, or the outcome is unknown.</exception>
    public async Task<string> OnboardAsync(TenantSpec tenant, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["id"] = tenant.Id,
            ["weight"] = tenant.Weight,
            ["max_concurrent"] = tenant.MaxConcurrent,
            ["max_queued"] = tenant.MaxQueued,
        };
        var created = await _connection.SendAsync(HttpMethod.Post, "v1/tenants", Bytes(body), null, cancellationToken);
        Demand(created, $"Cannot bring the tenant {tenant.Id} in");
        var key = await _connection.SendAsync(
            HttpMethod.Post, $"v1/tenants/{Uri.EscapeDataString(tenant.Id)}/keys", Bytes([]), null, cancellationToken);
        Demand(key, $"Cannot draw an API key for the tenant {tenant.Id}");
        return Property(key, "api_key").GetString()!;
    }

    /// <summary>Changes a tenant's limits on the version it has now; once again if somebody else changed it meanwhile.</summary>
    /// <exception cref="TargetException">Refused, or the outcome is unknown.</exception>
    public async Task SetLimitsAsync(string tenantId, int maxConcurrent, int maxQueued, CancellationToken cancellationToken)
    {
        var path = "v1/tenants/" + Uri.EscapeDataString(tenantId);
        var body = new JsonObject { ["max_concurrent"] = maxConcurrent, ["max_queued"] = maxQueued };
        for (var again = false; ; again = true)
        {
            var now = await _connection.SendAsync(HttpMethod.Get, path, null, null, cancellationToken);
            Demand(now, $"Cannot read the tenant {tenantId}");
            var version = Property(now, "version").GetRawText().Trim('"');
            var changed = await _connection.SendAsync(
                HttpMethod.Patch, path, Bytes(body), new EntityTagHeaderValue($"\"{version}\""), cancellationToken);
            if (again || changed.Refusal is not { Code: "version_conflict" })
            {
                Demand(changed, $"Cannot change the limits of the tenant {tenantId}");
                return;
            }
        }
    }

    /// <summary>How many workers the system knows.</summary>
    /// <exception cref="TargetException">It did not say.</exception>
    public async Task<int> WorkersAsync(CancellationToken cancellationToken)
    {
        var answer = await _connection.SendAsync(HttpMethod.Get, "v1/admin/workers", null, null, cancellationToken);
        Demand(answer, "Cannot ask for the workers");
        return Property(answer, "workers").GetArrayLength();
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private static byte[] Bytes(JsonObject body) => JsonSerializer.SerializeToUtf8Bytes(body);

    private static void Demand(ApiAnswer answer, string what)
    {
        if (answer.Kind != ReplyKind.Ok)
        {
            throw new TargetException(string.Create(
                CultureInfo.InvariantCulture, $"{what}: {answer.Words} (status {answer.Evidence.Status})"))
            {
                Refusal = answer.Refusal,
            };
        }
    }

    private static JsonElement Property(ApiAnswer answer, string name) =>
        answer.Body.ValueKind == JsonValueKind.Object && answer.Body.TryGetProperty(name, out var value)
            ? value
            : throw new TargetException($"The API's answer lacks “{name}”: the host and this target are of different versions.");
}
