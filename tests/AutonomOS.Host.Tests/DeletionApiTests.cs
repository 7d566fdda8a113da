using AutonomOS.Host.Tests.Running;
using AutonomOS.Tests.Conformance.Stores;

namespace AutonomOS.Host.Tests;

/// <summary>The end of a tenant over the API, and its next life.</summary>
public sealed class DeletionApiTests(SharedServer shared)
{
    private static readonly TimeSpan StreamEndBound = TimeSpan.FromSeconds(5);

    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Delete_WithoutOrWithAnotherVersionOrMode_ChangesNothing()
    {
        var tenant = await _server.TenantAsync();
        var path = $"/v1/tenants/{tenant.Id}";

        (await _server.Admin.DeleteAsync(path)).Refuses(428, "precondition_required");
        (await _server.Admin.SendAsync(HttpMethod.Delete, path, ifMatch: "\"7\"")).Refuses(412, "version_conflict");
        (await _server.Admin.SendAsync(HttpMethod.Delete, path + "?mode=gently", ifMatch: "\"1\"")).Names("mode");
        (await _server.Admin.SendAsync(HttpMethod.Delete, "/v1/tenants/nobody", ifMatch: "*")).Refuses(404, "not_found");
        (await tenant.Api.SendAsync(HttpMethod.Delete, path, ifMatch: "*")).Refuses(403, "forbidden");

        Assert.Equal("active", (await _server.Admin.GetAsync(path)).Is(200)["status"].GetString());
        await tenant.SubmitAsync("""{"type":"echo"}""");
    }

    [Fact]
    public async Task Deleted_KeysAndStreamsEndAndTheNextLifeKnowsNothingOfIt()
    {
        var tenant = await _server.TenantAsync();
        var path = $"/v1/tenants/{tenant.Id}";
        const string Keyed = """{"type":"echo","payload":1,"idempotency_key":"k"}""";
        var done = await tenant.SubmitAsync(Keyed);
        await tenant.FinishedAsync(done);
        var running = await tenant.SubmitAsync("""{"type":"sleep","payload":{"ms":600000}}""");
        await tenant.RunningAsync(running);
        var waiting = await tenant.SubmitAsync("""{"type":"echo","delay_ms":3600000}""");
        await using var events = await tenant.Api.EventsAsync($"/v1/jobs/{waiting}/events");

        var begun = (await _server.Admin.SendAsync(HttpMethod.Delete, path, ifMatch: "\"1\"")).Is(202);

        Assert.Equal("deleting", begun["status"].GetString());
        // A repeat finds it on its way out, or gone already.
        Assert.True((await _server.Admin.SendAsync(HttpMethod.Delete, path, ifMatch: "\"1\"")).Status is 202 or 404);
        await events.RestAsync().WaitAsync(StreamEndBound, TestContext.Current.CancellationToken);
        await ArchiveApiTests.UntilAsync(async () => (await tenant.Api.GetAsync("/v1/usage")).Status == 401, "the key is revoked");
        await ArchiveApiTests.UntilAsync(async () => (await _server.Admin.GetAsync(path)).Status == 404, "the tenant is gone");
        Assert.Equal(3, await ArchiveApiTests.ArchivedAsync(_server.Data, tenant.Id));

        Assert.Equal(2, (await _server.Admin.PostAsync("/v1/tenants", $$"""{"id":"{{tenant.Id}}"}""")).Is(201)["epoch"].GetInt32());
        (await tenant.Api.GetAsync("/v1/usage")).Refuses(401, "unauthenticated");
        using var api = _server.Client(await _server.KeyAsync(tenant.Id));
        Assert.Empty(await ArchiveApiTests.ListAsync(api, "/v1/jobs"));
        (await api.GetAsync($"/v1/jobs/{done}")).Refuses(404, "not_found");
        (await api.GetAsync($"/v1/jobs/{running}/events")).Refuses(404, "not_found");
        var again = (await api.PostAsync("/v1/jobs", Keyed)).Is(202);
        Assert.NotEqual(done, again["id"].GetString());
    }

    [Fact]
    public async Task KilledHalfWay_TheNextServerGoesOn()
    {
        const int Count = 5000;
        const int BatchCount = 200;
        using var directory = new TempDirectory();
        var data = directory.File("d");
        string id;
        using (var first = await Server.StartAsync(data: data))
        {
            var tenant = await first.TenantAsync();
            id = tenant.Id;
            var batch = $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat("""{"type":"echo","pool":"idle"}""", BatchCount))}}]}""";
            for (var i = 0; i < Count / BatchCount; i++)
            {
                (await tenant.Api.PostAsync("/v1/jobs/batch", batch)).Is(200);
            }

            (await first.Admin.SendAsync(HttpMethod.Delete, $"/v1/tenants/{id}", ifMatch: "*")).Is(202);
            await ArchiveApiTests.UntilAsync(async () => await ArchiveApiTests.ArchivedAsync(data, id) > 100, "it is under way");
            first.Program.Kill();
        }

        Assert.InRange(await ArchiveApiTests.ArchivedAsync(data, id), 100, Count - 1);
        using var second = await Server.StartAsync(data: data);
        await ArchiveApiTests.UntilAsync(async () => (await second.Admin.GetAsync($"/v1/tenants/{id}")).Status == 404, "the tenant is gone");
        Assert.Equal(Count, await ArchiveApiTests.ArchivedAsync(data, id));
    }
}
