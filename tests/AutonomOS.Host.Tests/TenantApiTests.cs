using AutonomOS.Host.Tests.Running;

namespace AutonomOS.Host.Tests;

/// <summary>Tenants over the API: creation, reading, changes under If-Match, suspension.</summary>
public sealed class TenantApiTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Create_WithAllFields_GivesThemBackWithVersionAndEpoch()
    {
        var tenant = (await _server.Admin.PostAsync("/v1/tenants", """{"id":"All.of-it_9","weight":7,"max_concurrent":3,"max_queued":0,"payload_bytes_max":2048,"result_bytes_max":4096,"error_bytes_max":512,"total_payload_bytes_max":1000000,"retention_seconds":60}""")).Is(201);

        Assert.Equal("\"1\"", tenant.Headers["ETag"]);
        Assert.Equal("/v1/tenants/All.of-it_9", tenant.Headers["Location"]);
        Assert.Equal(
            ("All.of-it_9", 1, "active", 1, 7, 3, 0, 2048, 4096, 512, 1000000, 60, true),
            (tenant["id"].GetString(), tenant["epoch"].GetInt32(), tenant["status"].GetString(), tenant["version"].GetInt32(), tenant["weight"].GetInt32(), tenant["max_concurrent"].GetInt32(), tenant["max_queued"].GetInt32(), tenant["payload_bytes_max"].GetInt32(), tenant["result_bytes_max"].GetInt32(), tenant["error_bytes_max"].GetInt32(), tenant["total_payload_bytes_max"].GetInt32(), tenant["retention_seconds"].GetInt32(), tenant["applied"].GetBoolean()));
        Assert.Equal(tenant.Text, (await _server.Admin.GetAsync("/v1/tenants/All.of-it_9")).Is(200).Text);
    }

    [Fact]
    public async Task Create_WithIdAlone_TakesTheDefaults()
    {
        var tenant = (await _server.Admin.PostAsync("/v1/tenants", """{"id":"defaults"}""")).Is(201);

        Assert.Equal((1, 5, 10_000), (tenant["weight"].GetInt32(), tenant["max_concurrent"].GetInt32(), tenant["max_queued"].GetInt32()));
    }

    [Theory]
    [InlineData("{}", "id")]
    [InlineData("""{"id":null}""", "id")]
    [InlineData("""{"id":""}""", "id")]
    [InlineData("""{"id":"x\n"}""", "id")]
    [InlineData("""{"id":"../x"}""", "id")]
    [InlineData("""{"id":"a*"}""", "id")]
    [InlineData("""{"id":"{a}"}""", "id")]
    [InlineData("""{"id":"tenänt"}""", "id")]
    [InlineData("""{"id":"-a"}""", "id")]
    [InlineData("""{"id":"a\u0000"}""", "id")]
    [InlineData("""{"id":"12345678901234567890123456789012345678901234567890123456789012345"}""", "id")]
    [InlineData("""{"id":7}""", "id")]
    [InlineData("""{"id":"n1","id":"n1"}""", "id")]
    [InlineData("""{"id":"n1","weight":0}""", "weight")]
    [InlineData("""{"id":"n1","weight":1001}""", "weight")]
    [InlineData("""{"id":"n1","weight":1.5}""", "weight")]
    [InlineData("""{"id":"n1","max_concurrent":0}""", "max_concurrent")]
    [InlineData("""{"id":"n1","max_concurrent":99999999999999999999}""", "max_concurrent")]
    [InlineData("""{"id":"n1","max_queued":-1}""", "max_queued")]
    [InlineData("""{"id":"n1","payload_bytes_max":1}""", "payload_bytes_max")]
    [InlineData("""{"id":"n1","total_payload_bytes_max":99999999999999}""", "total_payload_bytes_max")]
    [InlineData("""{"id":"n1","retention_seconds":0}""", "retention_seconds")]
    [InlineData("""{"id":"n1","max_concurent":5}""", "max_concurent")]
    [InlineData("[]", "body")]
    [InlineData("null", "body")]
    [InlineData("", "body")]
    [InlineData("{", "body")]
    [InlineData("""{"id":"n1"} x""", "body")]
    public async Task Create_Wrong_IsRefusedByFieldAndMakesNothing(string body, string field)
    {
        (await _server.Admin.PostAsync("/v1/tenants", body)).Names(field);
        (await _server.Admin.GetAsync("/v1/tenants/n1")).Refuses(404, "not_found");
    }

    [Fact]
    public async Task Create_NotJson_Is415()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/tenants") { Content = new StringContent("""{"id":"n2"}""") };
        (await _server.Admin.SendAsync(request)).Refuses(415, "unsupported_media_type");
    }

    [Fact]
    public async Task Create_SameIdAtOnce_MakesOne()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _server.Admin.PostAsync("/v1/tenants", """{"id":"twice"}""")));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Where(answer => answer.Status != 201), answer => answer.Refuses(409, "tenant_exists"));
    }

    [Fact]
    public async Task Create_IdsThatDifferInCase_AreTwoTenants()
    {
        (await _server.Admin.PostAsync("/v1/tenants", """{"id":"Case","weight":2}""")).Is(201);
        (await _server.Admin.PostAsync("/v1/tenants", """{"id":"case","weight":3}""")).Is(201);

        Assert.Equal(2, (await _server.Admin.GetAsync("/v1/tenants/Case")).Is(200)["weight"].GetInt32());
        Assert.Equal(3, (await _server.Admin.GetAsync("/v1/tenants/case")).Is(200)["weight"].GetInt32());
    }

    [Theory]
    [InlineData("/v1/tenants/nobody")]
    [InlineData("/v1/tenants/%0A")]
    [InlineData("/v1/tenants/nobody%0A")]
    [InlineData("/v1/tenants/%2e%2e%2fx")]
    [InlineData("/v1/tenants/nobody/keys")]
    public async Task Get_Unknown_Is404(string path) => (await _server.Admin.GetAsync(path)).Refuses(404, "not_found");

    [Fact]
    public async Task List_PageByPage_GivesEachTenantOnceInOrder()
    {
        foreach (var id in new[] { "page-b", "page-a", "page-C", "page-c" })
        {
            (await _server.Admin.PostAsync("/v1/tenants", $$"""{"id":"{{id}}"}""")).Is(201);
        }

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await _server.Admin.GetAsync("/v1/tenants?limit=3" + (cursor is null ? "" : "&cursor=" + cursor))).Is(200);
            Assert.InRange(page["tenants"].GetArrayLength(), 1, 3);
            seen.AddRange(page["tenants"].EnumerateArray().Select(tenant => tenant.GetProperty("id").GetString()!));
            cursor = page["next_cursor"].GetString();
        }
        while (cursor is not null);

        Assert.Equal(seen.Order(StringComparer.Ordinal), seen);
        Assert.Equal(seen.Distinct(StringComparer.Ordinal).Count(), seen.Count);
        Assert.Equal(["page-C", "page-a", "page-b", "page-c"], seen.Where(id => id.StartsWith("page-", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("cursor=%0A", "cursor")]
    [InlineData("curser=a", "curser")]
    public async Task List_WithAWrongParameter_IsRefused(string query, string field) =>
        (await _server.Admin.GetAsync("/v1/tenants?" + query)).Names(field);

    [Fact]
    public async Task Patch_WithTheVersion_ChangesWhatItNamesAlone()
    {
        var tenant = await _server.TenantAsync(""","weight":4,"max_concurrent":9""");

        var changed = (await _server.Admin.PatchAsync($"/v1/tenants/{tenant.Id}", """{"max_concurrent":2}""", "\"1\"")).Is(200);

        Assert.Equal("\"2\"", changed.Headers["ETag"]);
        Assert.Equal((4, 2, 2, true), (changed["weight"].GetInt32(), changed["max_concurrent"].GetInt32(), changed["version"].GetInt32(), changed["applied"].GetBoolean()));
        Assert.Equal(2, (await tenant.Api.GetAsync("/v1/usage")).Is(200)["max_concurrent"].GetInt32());
    }

    [Fact]
    public async Task Patch_WithoutOrWithAWrongVersion_ChangesNothing()
    {
        var tenant = await _server.TenantAsync();
        var path = $"/v1/tenants/{tenant.Id}";

        (await _server.Admin.PatchAsync(path, """{"weight":2}""", null)).Refuses(428, "precondition_required");
        var conflict = (await _server.Admin.PatchAsync(path, """{"weight":2}""", "\"7\"")).Refuses(412, "version_conflict");
        Assert.Equal("\"1\"", conflict.Headers["ETag"]);
        foreach (var bad in new[] { "1", "\"x\"", "W/\"1\"", "\"1\", \"2\"", "\"", "\"-1\"" })
        {
            (await _server.Admin.PatchAsync(path, """{"weight":2}""", bad)).Names("If-Match");
        }

        (await _server.Admin.PatchAsync(path, """{"weight":0}""", "\"1\"")).Names("weight");
        (await _server.Admin.PatchAsync(path, "{}", "\"1\"")).Names("body");
        (await _server.Admin.PatchAsync(path, """{"id":"x"}""", "\"1\"")).Names("id");
        (await _server.Admin.PatchAsync("/v1/tenants/nobody", """{"weight":2}""", "\"1\"")).Refuses(404, "not_found");
        Assert.Equal((1, 1), ((await _server.Admin.GetAsync(path))["weight"].GetInt32(), (await _server.Admin.GetAsync(path))["version"].GetInt32()));
    }

    [Fact]
    public async Task Patch_InParallelWithRereads_LosesNoUpdate()
    {
        var tenant = await _server.TenantAsync();
        var path = $"/v1/tenants/{tenant.Id}";
        var conflicts = 0;

        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            while (true)
            {
                var now = (await _server.Admin.GetAsync(path)).Is(200);
                var answer = await _server.Admin.PatchAsync(path, $$"""{"max_queued":{{now["max_queued"].GetInt32() + 1}}}""", now.Headers["ETag"]);
                if (answer.Status == 200)
                {
                    return;
                }

                answer.Refuses(412, "version_conflict");
                Interlocked.Increment(ref conflicts);
            }
        }));

        var end = (await _server.Admin.GetAsync(path)).Is(200);
        Assert.Equal((10_010, 11), (end["max_queued"].GetInt32(), end["version"].GetInt32()));
        Assert.True(conflicts > 0, "Nothing ran in parallel: this test saw no conflict.");
    }

    [Fact]
    public async Task Suspend_RefusesSubmissionsUntilResumed()
    {
        var tenant = await _server.TenantAsync();
        var path = $"/v1/tenants/{tenant.Id}";

        Assert.Equal("suspended", (await _server.Admin.PostAsync(path + "/suspend")).Is(200)["status"].GetString());
        Assert.Equal(2, (await _server.Admin.PostAsync(path + "/suspend")).Is(200)["version"].GetInt32());
        (await tenant.Api.PostAsync("/v1/jobs", """{"type":"echo"}""")).Refuses(409, "tenant_suspended");
        var batch = (await tenant.Api.PostAsync("/v1/jobs/batch", """{"jobs":[{"type":"echo"}]}""")).Is(200);
        Assert.Equal("tenant_suspended", batch["results"][0].GetProperty("code").GetString());
        Assert.Equal("suspended", (await tenant.Api.GetAsync("/v1/usage")).Is(200)["status"].GetString());

        (await _server.Admin.PostAsync(path + "/resume", ifMatch: "\"1\"")).Refuses(412, "version_conflict");
        Assert.Equal("active", (await _server.Admin.PostAsync(path + "/resume", ifMatch: "\"2\"")).Is(200)["status"].GetString());
        var job = await tenant.SubmitAsync("""{"type":"echo","payload":1}""");
        Assert.Equal("completed", (await tenant.FinishedAsync(job))["status"].GetString());
        (await _server.Admin.PostAsync("/v1/tenants/nobody/suspend")).Refuses(404, "not_found");
    }
}
