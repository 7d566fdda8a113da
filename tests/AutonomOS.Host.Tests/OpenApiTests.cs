using AutonomOS.Host.Tests.Running;

namespace AutonomOS.Host.Tests;

/// <summary>The description of the API, and health.</summary>
public sealed class OpenApiTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Document_NamesEveryEndpointAndNoOther()
    {
        using var anyone = _server.Client(null);
        var document = (await anyone.GetAsync("/openapi/v1.json")).Is(200);

        var found = document["paths"].EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}")).Order(StringComparer.Ordinal);
        string[] expected =
        [
            "DELETE /v1/tenants/{id}", "DELETE /v1/tenants/{id}/keys/{keyId}", "GET /healthz/live", "GET /healthz/ready", "GET /v1/admin/audit", "GET /v1/admin/jobs", "GET /v1/admin/workers", "GET /v1/jobs",
            "GET /v1/jobs/{id}", "GET /v1/jobs/{id}/events", "GET /v1/tenants", "GET /v1/tenants/{id}", "GET /v1/tenants/{id}/keys", "GET /v1/usage",
            "PATCH /v1/tenants/{id}", "POST /v1/jobs", "POST /v1/jobs/batch", "POST /v1/jobs/{id}/cancel", "POST /v1/jobs/{id}/retry", "POST /v1/tenants",
            "POST /v1/tenants/{id}/keys", "POST /v1/tenants/{id}/keys/{keyId}/rotate", "POST /v1/tenants/{id}/resume", "POST /v1/tenants/{id}/suspend",
        ];
        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task Document_UsesTheNamesOfTheWire()
    {
        using var anyone = _server.Client(null);
        var schemas = (await anyone.GetAsync("/openapi/v1.json")).Is(200)["components"].GetProperty("schemas");

        var submit = schemas.GetProperty("SubmitRequest");
        Assert.True(submit.GetProperty("properties").TryGetProperty("idempotency_key", out _));
        Assert.Equal("type", Assert.Single(submit.GetProperty("required").EnumerateArray()).GetString());
        Assert.Contains("own_limit", schemas.GetProperty("WaitReason").GetRawText() + schemas.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/jobs", "get", "cursor limit status")]
    [InlineData("/v1/admin/jobs", "get", "cursor limit status tenant")]
    [InlineData("/v1/admin/audit", "get", "cursor limit tenant")]
    [InlineData("/v1/tenants/{id}/keys/{keyId}/rotate", "post", "id keyId overlap_seconds")]
    [InlineData("/v1/jobs/{id}/cancel", "post", "id wait")]
    [InlineData("/v1/tenants/{id}", "patch", "If-Match id")]
    public async Task Document_NamesTheParameters(string path, string method, string names)
    {
        using var anyone = _server.Client(null);
        var operation = (await anyone.GetAsync("/openapi/v1.json")).Is(200)["paths"].GetProperty(path).GetProperty(method);

        Assert.Equal(names.Split(' '), operation.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
        Assert.Single(operation.GetProperty("security").EnumerateArray());
    }

    [Fact]
    public async Task Health_IsOpenToAllAndTellsNothingElse()
    {
        using var anyone = _server.Client(null);
        Assert.Equal("""{"status":"live"}""", (await anyone.GetAsync("/healthz/live")).Is(200).Text);
        Assert.Equal("""{"status":"ready"}""", (await anyone.GetAsync("/healthz/ready")).Is(200).Text);
    }
}
