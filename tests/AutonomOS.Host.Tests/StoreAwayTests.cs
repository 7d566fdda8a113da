using AutonomOS.Host.Tests.Running;
using AutonomOS.Tests.Conformance.Stores;

namespace AutonomOS.Host.Tests;

/// <summary>The store stalls, dies and comes back empty, under a real server: every call gets a typed answer in time, and service returns by itself.</summary>
public sealed class StoreAwayTests
{
    /// <summary>A second, and what a busy machine may add.</summary>
    private static readonly TimeSpan AnswerBound = TimeSpan.FromMilliseconds(1500);

    private static readonly TimeSpan ReturnBound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Store_StalledThenKilledThenBackEmpty_IsToldTruthfullyAndHealsItself()
    {
        RedisServer.Need();
        using var redis = await RedisServer.StartAsync();
        using var server = await Server.StartAsync(["--store", redis.Options.Endpoint]);
        using var anyone = server.Client(null);
        var tenant = await server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"echo"}""");
        (await anyone.GetAsync("/healthz/ready")).Is(200);
        await WarmAsync(server, tenant, job);

        await redis.PauseAsync();
        var sent = (await tenant.Api.PostAsync("/v1/jobs", """{"type":"echo"}""")).Is(503);
        Assert.Contains(sent["code"].GetString(), new[] { "outcome_unknown", "store_unavailable" });
        InTime(sent);
        await EveryCallAsync(server, tenant, job, anyone);

        await redis.ResumeAsync();
        await UntilAsync(anyone, "/healthz/ready", 200);
        // Whether the first submission was done is unknown; that it was done at most once is not.
        Assert.InRange((await tenant.Api.GetAsync("/v1/usage")).Is(200)["active"].GetInt32(), 1, 2);

        redis.Kill();
        await UntilAsync(anyone, "/healthz/ready", 503);
        InTime((await tenant.Api.PostAsync("/v1/jobs", """{"type":"echo"}""")).Refuses(503, "store_unavailable"));
        await EveryCallAsync(server, tenant, job, anyone);
        (await anyone.GetAsync("/healthz/live")).Is(200);
        var created = (await server.Admin.PostAsync("/v1/tenants", """{"id":"meanwhile","max_concurrent":1}""")).Is(201);
        Assert.False(created["applied"].GetBoolean());

        await redis.RestartAsync();
        await UntilAsync(tenant.Api, "/v1/usage", 200);
        (await tenant.Api.GetAsync("/v1/jobs/" + job)).Refuses(404, "not_found");
        await tenant.SubmitAsync("""{"type":"echo"}""");
        using var meanwhile = server.Client(await server.KeyAsync("meanwhile"));
        await UntilAsync(meanwhile, "/v1/usage", 200);
        (await meanwhile.PostAsync("/v1/jobs", """{"type":"echo"}""")).Is(202);
        Assert.True((await server.Admin.GetAsync("/v1/tenants/meanwhile")).Is(200)["applied"].GetBoolean());
        Assert.DoesNotContain("   at ", server.Program.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_StartedWithoutItsStore_StartsAnswersAndServesOnceItIsThere()
    {
        RedisServer.Need();
        using var redis = await RedisServer.StartAsync();
        redis.Kill();
        using var server = await Server.StartAsync(["--store", redis.Options.Endpoint]);
        using var anyone = server.Client(null);

        (await anyone.GetAsync("/healthz/live")).Is(200);
        (await anyone.GetAsync("/healthz/ready")).Refuses(503, "store_unavailable");
        var tenant = await server.TenantAsync();
        (await tenant.Api.PostAsync("/v1/jobs", """{"type":"echo"}""")).Refuses(503, "store_unavailable");

        await redis.RestartAsync();
        await UntilAsync(tenant.Api, "/v1/usage", 200);
        await tenant.SubmitAsync("""{"type":"echo"}""");
    }

    private static async Task EveryCallAsync(Server server, TestTenant tenant, string job, ApiClient anyone)
    {
        ApiAnswer[] answers =
        [
            await tenant.Api.GetAsync("/v1/jobs"),
            await tenant.Api.GetAsync("/v1/jobs/" + job),
            await tenant.Api.GetAsync("/v1/usage"),
            await tenant.Api.GetAsync($"/v1/jobs/{job}/events"),
            await tenant.Api.PostAsync("/v1/jobs/batch", """{"jobs":[{"type":"echo"}]}"""),
            await tenant.Api.PostAsync($"/v1/jobs/{job}/cancel?wait=10"),
            await tenant.Api.PostAsync($"/v1/jobs/{job}/retry"),
            await anyone.GetAsync("/healthz/ready"),
            await server.Admin.GetAsync("/v1/admin/workers"),
            await server.Admin.GetAsync("/v1/admin/jobs?tenant=" + tenant.Id),
        ];
        Assert.All(answers, answer =>
        {
            answer.Is(503);
            Assert.Contains(answer["code"].GetString(), new[] { "outcome_unknown", "store_unavailable" });
            InTime(answer);
        });
    }

    /// <summary>The first call of a kind is compiled while its caller waits; that is not what is measured.</summary>
    private static async Task WarmAsync(Server server, TestTenant tenant, string job)
    {
        (await tenant.Api.GetAsync("/v1/jobs")).Is(200);
        (await tenant.Api.GetAsync("/v1/jobs/" + job)).Is(200);
        (await tenant.Api.GetAsync("/v1/usage")).Is(200);
        (await tenant.Api.PostAsync("/v1/jobs/batch", """{"jobs":[7]}""")).Is(200);
        (await server.Admin.GetAsync("/v1/admin/workers")).Is(200);
        (await server.Admin.GetAsync("/v1/admin/jobs?tenant=" + tenant.Id)).Is(200);
    }

    private static void InTime(ApiAnswer answer) => Assert.True(answer.Took < AnswerBound, $"The answer took {answer.Took.TotalMilliseconds:0} ms: {answer.Text}");

    private static async Task UntilAsync(ApiClient client, string path, int status)
    {
        using var bound = new CancellationTokenSource(ReturnBound);
        while (true)
        {
            var answer = await client.GetAsync(path);
            if (answer.Status == status)
            {
                return;
            }

            Assert.False(bound.IsCancellationRequested, $"{path} did not answer {status} within {ReturnBound}: {answer.Text}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
