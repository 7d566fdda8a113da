using AutonomOS.Host.Tests.Running;

namespace AutonomOS.Host.Tests;

/// <summary>Keys: who gets in, who does not, and how fast a revocation bites.</summary>
public sealed class KeyApiTests(SharedServer shared)
{
    private static readonly TimeSpan RevocationBound = TimeSpan.FromSeconds(5);

    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Call_WithoutAKeyInForce_Is401AlikeInEveryCase()
    {
        var tenant = await _server.TenantAsync();
        var (id, secret) = (tenant.Key.Split('.')[0], tenant.Key.Split('.')[1]);
        var flipped = (secret[0] == 'A' ? 'B' : 'A') + secret[1..];
        string?[] wrong =
        [
            null, "", "x", "garbage.garbage", tenant.Key + "x", tenant.Key[..^1], id, "." + secret, id + ".", $"{id}.{flipped}",
            $"00000000000000000000.{secret}", tenant.Key.ToUpperInvariant(), tenant.Key.Replace('.', ':'), _server.AdminKey[..^1], new string('a', 5000),
        ];
        var answers = new List<string>();
        foreach (var key in wrong)
        {
            using var client = _server.Client(key);
            var answer = (await client.GetAsync("/v1/usage")).Refuses(401, "unauthenticated");
            Assert.Equal("Bearer", answer.Headers["WWW-Authenticate"]);
            answers.Add(answer.Text);
            (await client.GetAsync("/v1/tenants")).Refuses(401, "unauthenticated");
        }

        Assert.Single(answers.Distinct(StringComparer.Ordinal));
        (await tenant.Api.GetAsync("/v1/usage")).Is(200);
    }

    [Theory]
    [InlineData("Basic ")]
    [InlineData("")]
    [InlineData("Bearer  ")]
    public async Task Call_WithAnotherScheme_Is401(string scheme)
    {
        var tenant = await _server.TenantAsync();
        using var client = _server.Client(null);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/usage");
        request.Headers.TryAddWithoutValidation("Authorization", scheme + tenant.Key);
        (await client.SendAsync(request)).Refuses(401, "unauthenticated");
    }

    [Fact]
    public async Task Call_WithTheKeyInTheAddress_Is401()
    {
        var tenant = await _server.TenantAsync();
        using var client = _server.Client(null);
        (await client.GetAsync($"/v1/usage?api_key={tenant.Key}&access_token={tenant.Key}")).Refuses(401, "unauthenticated");
    }

    [Theory]
    [InlineData("GET", "/v1/tenants")]
    [InlineData("POST", "/v1/tenants")]
    [InlineData("GET", "/v1/tenants/{own}")]
    [InlineData("PATCH", "/v1/tenants/{own}")]
    [InlineData("POST", "/v1/tenants/{own}/suspend")]
    [InlineData("POST", "/v1/tenants/{own}/resume")]
    [InlineData("POST", "/v1/tenants/{own}/keys")]
    [InlineData("GET", "/v1/tenants/{own}/keys")]
    [InlineData("DELETE", "/v1/tenants/{own}/keys/x")]
    [InlineData("POST", "/v1/tenants/{own}/keys/x/rotate")]
    [InlineData("GET", "/v1/admin/audit")]
    [InlineData("GET", "/v1/admin/jobs")]
    [InlineData("GET", "/v1/admin/workers")]
    public async Task AdminEndpoint_WithATenantsKey_Is403(string method, string path)
    {
        var tenant = await _server.TenantAsync();
        (await tenant.Api.SendAsync(HttpMethod.Parse(method), path.Replace("{own}", tenant.Id, StringComparison.Ordinal), method is "GET" or "DELETE" ? null : "{}")).Refuses(403, "forbidden");
    }

    [Theory]
    [InlineData("POST", "/v1/jobs")]
    [InlineData("POST", "/v1/jobs/batch")]
    [InlineData("GET", "/v1/jobs")]
    [InlineData("GET", "/v1/jobs/0")]
    [InlineData("GET", "/v1/jobs/0/events")]
    [InlineData("POST", "/v1/jobs/0/cancel")]
    [InlineData("POST", "/v1/jobs/0/retry")]
    [InlineData("GET", "/v1/usage")]
    public async Task TenantEndpoint_WithTheAdminKey_Is403(string method, string path) =>
        (await _server.Admin.SendAsync(HttpMethod.Parse(method), path, method is "GET" ? null : "{}")).Refuses(403, "forbidden");

    [Fact]
    public async Task Issue_ShowsTheSecretOnceAndListsKeysWithoutIt()
    {
        var tenant = await _server.TenantAsync();
        var second = (await _server.Admin.PostAsync($"/v1/tenants/{tenant.Id}/keys")).Is(201);
        var key = second["api_key"].GetString()!;

        Assert.Equal(second["key_id"].GetString(), key.Split('.')[0]);
        var list = (await _server.Admin.GetAsync($"/v1/tenants/{tenant.Id}/keys")).Is(200);
        Assert.Equal(2, list["keys"].GetArrayLength());
        Assert.DoesNotContain(key.Split('.')[1], list.Text, StringComparison.Ordinal);
        using var client = _server.Client(key);
        Assert.Equal(tenant.Id, (await client.GetAsync("/v1/usage")).Is(200)["tenant"].GetString());
        (await _server.Admin.PostAsync("/v1/tenants/nobody/keys")).Refuses(404, "not_found");
    }

    [Fact]
    public async Task Issue_BeyondTheMost_IsRefusedUntilOneIsRevoked()
    {
        var tenant = await _server.TenantAsync();
        for (var i = 1; i < 100; i++)
        {
            (await _server.Admin.PostAsync($"/v1/tenants/{tenant.Id}/keys")).Is(201);
        }

        (await _server.Admin.PostAsync($"/v1/tenants/{tenant.Id}/keys")).Refuses(409, "too_many_keys");
        (await _server.Admin.DeleteAsync($"/v1/tenants/{tenant.Id}/keys/{tenant.Key.Split('.')[0]}")).Is(204);
        (await _server.Admin.PostAsync($"/v1/tenants/{tenant.Id}/keys")).Is(201);
    }

    [Fact]
    public async Task Revoke_TakesEffectHereAtOnceAndInAnotherServerWithinFiveSeconds()
    {
        var tenant = await _server.TenantAsync();
        var other = await _server.TenantAsync();
        var store = await _server.Program.LineAsync("autonomos: store ");
        using var second = await Server.StartAsync(["--store", store], data: _server.Data);
        using var there = second.Client(tenant.Key);
        using var unmoved = second.Client(other.Key);
        (await there.GetAsync("/v1/usage")).Is(200);
        (await unmoved.GetAsync("/v1/usage")).Is(200);
        var id = tenant.Key.Split('.')[0];

        (await _server.Admin.DeleteAsync($"/v1/tenants/{other.Id}/keys/{id}")).Refuses(404, "not_found");
        (await _server.Admin.DeleteAsync($"/v1/tenants/{tenant.Id}/keys/{id}")).Is(204);
        var start = TimeProvider.System.GetTimestamp();

        (await tenant.Api.GetAsync("/v1/usage")).Refuses(401, "unauthenticated");
        (await _server.Admin.DeleteAsync($"/v1/tenants/{tenant.Id}/keys/{id}")).Is(204);
        while ((await there.GetAsync("/v1/usage")).Status == 200)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < RevocationBound, "The key still works in the other server after five seconds.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        (await there.GetAsync("/v1/usage")).Refuses(401, "unauthenticated");
        (await unmoved.GetAsync("/v1/usage")).Is(200);
    }

    [Fact]
    public async Task AdminKey_InItsFile_IsForItsOwnerAloneAndInNoOutput()
    {
        var path = Path.Combine(_server.Data, "admin.key");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_server.Data));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_server.Data, "records.db")));
        (await _server.Admin.GetAsync("/v1/tenants?limit=1")).Is(200);
        Assert.DoesNotContain(_server.AdminKey, _server.Program.Output + _server.Program.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotate_GivesANewKeyAndLeavesTheOldOneItsTime()
    {
        var tenant = await _server.TenantAsync();
        using var admin = _server.Client(_server.AdminKey);
        var old = tenant.Key.Split('.')[0];
        var path = $"/v1/tenants/{tenant.Id}/keys/{old}/rotate";
        (await admin.PostAsync(path + "?overlap_seconds=604801")).Names("overlap_seconds");
        (await admin.PostAsync($"/v1/tenants/{tenant.Id}/keys/nokey/rotate")).Refuses(404, "not_found");
        (await admin.PostAsync($"/v1/tenants/nobody/keys/{old}/rotate")).Refuses(404, "not_found");

        var rotated = (await admin.PostAsync(path)).Is(201);

        Assert.Equal(old, rotated["replaced_key_id"].GetString());
        Assert.Equal(TimeSpan.FromHours(1), rotated["replaced_key_revoked_at"].GetDateTimeOffset() - rotated["created_at"].GetDateTimeOffset());
        using var changed = _server.Client(rotated["api_key"].GetString());
        (await changed.GetAsync("/v1/usage")).Is(200);
        (await tenant.Api.GetAsync("/v1/usage")).Is(200);

        // Once more, without an overlap: now the old one is refused, here at once.
        (await admin.PostAsync(path + "?overlap_seconds=0")).Is(201);
        (await tenant.Api.GetAsync("/v1/usage")).Refuses(401, "unauthenticated");
        (await changed.GetAsync("/v1/usage")).Is(200);
        (await admin.PostAsync(path)).Refuses(409, "key_revoked");
    }

    [Fact]
    public async Task Audit_TellsWhatWasDoneAndNoSecret()
    {
        var tenant = await _server.TenantAsync();
        using var admin = _server.Client(_server.AdminKey);
        (await admin.PostAsync($"/v1/tenants/{tenant.Id}/suspend")).Is(200);

        var first = (await admin.GetAsync($"/v1/admin/audit?tenant={tenant.Id}&limit=2")).Is(200);
        var rest = (await admin.GetAsync($"/v1/admin/audit?tenant={tenant.Id}&limit=2&cursor={first["next_cursor"].GetString()}")).Is(200);

        var entries = first["entries"].EnumerateArray().Concat(rest["entries"].EnumerateArray()).ToList();
        Assert.Equal(["tenant.suspend", "key.issue", "tenant.create"], entries.Select(entry => entry.GetProperty("action").GetString()));
        Assert.All(entries, entry => Assert.Equal(("admin", "127.0.0.1"), (entry.GetProperty("actor").GetString(), entry.GetProperty("origin").GetString())));
        Assert.Equal(("active", "suspended"), (entries[0].GetProperty("before").GetProperty("status").GetString(), entries[0].GetProperty("after").GetProperty("status").GetString()));
        Assert.DoesNotContain(tenant.Key.Split('.')[1], first.Text + rest.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(_server.AdminKey, first.Text + rest.Text, StringComparison.Ordinal);
        Assert.Empty((await admin.GetAsync("/v1/admin/audit?tenant=never-was")).Is(200)["entries"].EnumerateArray());
        (await admin.GetAsync("/v1/admin/audit?cursor=x")).Names("cursor");
        (await admin.GetAsync("/v1/admin/audit?tenant=a*b")).Names("tenant");
    }
}
