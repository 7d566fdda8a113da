using System.Globalization;
using System.Net.Sockets;
using System.Text;
using AutonomOS.Host.Tests.Running;

namespace AutonomOS.Host.Tests;

/// <summary>Submission, reading and listing of jobs by their tenant.</summary>
public sealed class JobApiTests(SharedServer shared)
{
    private const string Unknown = "0123456789abcdef0123456789abcdef";

    private readonly Server _server = shared.Server;

    [Theory]
    [InlineData("null")]
    [InlineData("0")]
    [InlineData("1.00")]
    [InlineData("123456789012345678901234567890.1e-5")]
    [InlineData("\"\"")]
    [InlineData("\"\\u00e9 \\/ \u00e9\"")]
    [InlineData("[ 1,\t2 ]")]
    [InlineData("{\"b\" : 1, \"a\":{\"b\":2},\"b\":3}")]
    public async Task Submit_AnyJson_IsKeptAndRunByteForByte(string payload)
    {
        var tenant = await _server.TenantAsync();
        var taken = (await tenant.Api.PostAsync("/v1/jobs", $$"""{"type":"echo","payload":{{payload}},"priority":9}""")).Is(202);
        var id = taken["id"].GetString()!;

        Assert.Equal("pending", taken["status"].GetString());
        Assert.Equal("/v1/jobs/" + id, taken.Headers["Location"]);
        var job = await tenant.FinishedAsync(id);
        Assert.Equal("completed", job["status"].GetString());
        Assert.Equal(payload, job["payload"].GetRawText());
        Assert.Contains($"\"payload\":{payload}", job.Text, StringComparison.Ordinal);
        Assert.Equal(payload, job["result"].GetRawText());
        Assert.Equal((9, 1, 0, 0), (job["priority"].GetInt32(), job["attempt"].GetInt32(), job["failures"].GetInt32(), job["leases_lost"].GetInt32()));
        Assert.True(job["finished_at"].GetDateTimeOffset() >= job["submitted_at"].GetDateTimeOffset());
    }

    [Fact]
    public async Task Submit_WithoutAPayload_MeansNull()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.FinishedAsync(await tenant.SubmitAsync("""{"type":"echo"}"""));
        Assert.Equal("null", job["payload"].GetRawText());
    }

    [Theory]
    [InlineData("{}", "type")]
    [InlineData("""{"type":null}""", "type")]
    [InlineData("""{"type":""}""", "type")]
    [InlineData("""{"type":"a b"}""", "type")]
    [InlineData("""{"type":"a\n"}""", "type")]
    [InlineData("""{"type":5}""", "type")]
    [InlineData("""{"type":"echo","pool":"a{b}"}""", "pool")]
    [InlineData("""{"type":"echo","pool":"p\n"}""", "pool")]
    [InlineData("""{"type":"echo","priority":10}""", "priority")]
    [InlineData("""{"type":"echo","priority":-1}""", "priority")]
    [InlineData("""{"type":"echo","priority":"high"}""", "priority")]
    [InlineData("""{"type":"echo","delay_ms":-1}""", "delay_ms")]
    [InlineData("""{"type":"echo","delay_ms":99999999999999}""", "delay_ms")]
    [InlineData("""{"type":"echo","max_attempts":0}""", "max_attempts")]
    [InlineData("""{"type":"echo","timeout_ms":1}""", "timeout_ms")]
    [InlineData("""{"type":"echo","idempotency_key":""}""", "idempotency_key")]
    [InlineData("""{"type":"echo","idempotency_key":"a b"}""", "idempotency_key")]
    [InlineData("""{"type":"echo","tenant":"other"}""", "tenant")]
    [InlineData("""{"type":"echo","type":"echo"}""", "type")]
    [InlineData("""{"type":"echo","payload":}""", "body")]
    [InlineData("""{"type":"echo","payload":1""", "body")]
    public async Task Submit_Wrong_IsRefusedByFieldAndMakesNoJob(string body, string field)
    {
        var tenant = await _server.TenantAsync();
        (await tenant.Api.PostAsync("/v1/jobs", body)).Names(field);
        Assert.Equal(0, (await tenant.Api.GetAsync("/v1/jobs")).Is(200)["jobs"].GetArrayLength());
    }

    [Fact]
    public async Task Submit_InvalidUtf8_IsRefused()
    {
        var tenant = await _server.TenantAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs")
        {
            Content = new ByteArrayContent([.. "{\"type\":\"echo\",\"payload\":\""u8, 0xff, 0xfe, .. "\"}"u8]) { Headers = { ContentType = new("application/json") } },
        };
        (await tenant.Api.SendAsync(request)).Refuses(400, "invalid_request");
    }

    [Fact]
    public async Task Submit_SeveralFieldsWrong_NamesThemAll()
    {
        var tenant = await _server.TenantAsync();
        var answer = await tenant.Api.PostAsync("/v1/jobs", """{"type":"?","pool":"?","priority":10}""");
        answer.Names("type").Names("pool").Names("priority");
    }

    [Fact]
    public async Task Submit_BeyondTheQuota_Is429WithLimitCountAndRetryAfter()
    {
        var tenant = await _server.TenantAsync(""","max_concurrent":2,"max_queued":1""");
        var job = $$"""{"type":"echo","pool":"{{SharedServer.IdlePool}}"}""";
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => tenant.Api.PostAsync("/v1/jobs", job)));

        Assert.Equal(3, answers.Count(answer => answer.Status == 202));
        Assert.All(answers.Where(answer => answer.Status != 202), answer =>
        {
            answer.Refuses(429, "quota_exceeded");
            Assert.Equal((3, 3), (answer["limit"].GetInt32(), answer["count"].GetInt32()));
            Assert.InRange(int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 60);
        });
        Assert.Equal(3, (await tenant.Api.GetAsync("/v1/jobs")).Is(200)["jobs"].GetArrayLength());
        var usage = (await tenant.Api.GetAsync("/v1/usage")).Is(200);
        Assert.Equal((0, 3, 0, 3), (usage["running"].GetInt32(), usage["queued"].GetInt32(), usage["delayed"].GetInt32(), usage["active"].GetInt32()));
    }

    [Fact]
    public async Task Submit_BeyondByteLimits_IsRefusedWithTheLimit()
    {
        var tenant = await _server.TenantAsync(""","payload_bytes_max":1024,"total_payload_bytes_max":1500""");
        var large = (await tenant.Api.PostAsync("/v1/jobs", $$"""{"type":"echo","pool":"idle","payload":"{{new string('x', 1023)}}"}""")).Refuses(413, "payload_too_large");
        Assert.Equal(1024, large["limit"].GetInt32());

        await tenant.SubmitAsync($$"""{"type":"echo","pool":"idle","payload":"{{new string('x', 1000)}}"}""");
        var full = (await tenant.Api.PostAsync("/v1/jobs", $$"""{"type":"echo","pool":"idle","payload":"{{new string('x', 1000)}}"}""")).Refuses(429, "bytes_exceeded");
        Assert.Equal(1500, full["limit"].GetInt32());
        Assert.True(full.Headers.ContainsKey("Retry-After"));
    }

    [Fact]
    public async Task Submit_IntoASeventeenthPool_Is409()
    {
        var tenant = await _server.TenantAsync();
        for (var i = 0; i < 16; i++)
        {
            await tenant.SubmitAsync($$"""{"type":"echo","pool":"idle-{{i}}"}""");
        }

        (await tenant.Api.PostAsync("/v1/jobs", """{"type":"echo","pool":"idle-16"}""")).Refuses(409, "too_many_pools");
    }

    [Fact]
    public async Task Submit_WithAnIdempotencyKey_ReplaysTheSameAndRefusesAnother()
    {
        var tenant = await _server.TenantAsync();
        var stranger = await _server.TenantAsync();
        const string Job = """{"type":"echo","payload":{"a":1},"idempotency_key":"k-1"}""";
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => tenant.Api.PostAsync("/v1/jobs", Job)));
        var first = Assert.Single(answers, answer => answer.Status == 202)["id"].GetString();

        Assert.All(answers.Where(answer => answer.Status != 202), answer =>
        {
            answer.Is(200);
            Assert.True(answer["replayed"].GetBoolean());
            Assert.Equal(first, answer["id"].GetString());
        });
        await tenant.FinishedAsync(first!);
        Assert.Equal("completed", (await tenant.Api.PostAsync("/v1/jobs", Job)).Is(200)["status"].GetString());
        (await tenant.Api.PostAsync("/v1/jobs", """{"type":"echo","payload":{"a":2},"idempotency_key":"k-1"}""")).Refuses(422, "idempotency_conflict");
        Assert.Equal(1, (await tenant.Api.GetAsync("/v1/jobs")).Is(200)["jobs"].GetArrayLength());
        Assert.NotEqual(first, await stranger.SubmitAsync(Job));
    }

    [Fact]
    public async Task Batch_OfAllKinds_AnswersEachInOrder()
    {
        var tenant = await _server.TenantAsync(""","max_concurrent":1,"max_queued":2,"payload_bytes_max":1024""");
        var body = $$"""
            {"jobs":[
              {"type":"echo","pool":"idle","payload":1,"idempotency_key":"b"},
              {"type":"echo","priority":"x"},
              7,
              {"type":"echo","pool":"idle","payload":1,"idempotency_key":"b"},
              {"type":"echo","pool":"idle","payload":2,"idempotency_key":"b"},
              {"type":"echo","pool":"idle","payload":"{{new string('x', 2000)}}"},
              {"type":"echo","pool":"idle"},
              {"type":"echo","pool":"idle"},
              {"type":"echo","pool":"idle"},
              {"oops":1}
            ]}
            """;

        var results = (await tenant.Api.PostAsync("/v1/jobs/batch", body)).Is(200)["results"].EnumerateArray().ToList();

        Assert.Equal(
            ["accepted", "rejected invalid_request", "rejected invalid_request", "replayed", "rejected idempotency_conflict", "rejected payload_too_large", "accepted", "accepted", "rejected quota_exceeded", "rejected invalid_request"],
            results.Select(result => result.GetProperty("status").GetString() + (result.TryGetProperty("code", out var code) ? " " + code.GetString() : "")));
        Assert.Equal(results[0].GetProperty("id").GetString(), results[3].GetProperty("id").GetString());
        Assert.Equal((3, 3), (results[8].GetProperty("limit").GetInt32(), results[8].GetProperty("count").GetInt32()));
        Assert.Equal(1024, results[5].GetProperty("limit").GetInt32());
        Assert.All(results.Where(result => result.GetProperty("status").GetString() == "rejected"), result => Assert.NotEmpty(result.GetProperty("detail").GetString()!));
        Assert.Equal(3, (await tenant.Api.GetAsync("/v1/jobs")).Is(200)["jobs"].GetArrayLength());
    }

    [Fact]
    public async Task Batch_OutsideItsSize_IsRefusedWhole()
    {
        var tenant = await _server.TenantAsync();
        (await tenant.Api.PostAsync("/v1/jobs/batch", """{"jobs":[]}""")).Names("jobs");
        (await tenant.Api.PostAsync("/v1/jobs/batch", "{}")).Names("jobs");
        (await tenant.Api.PostAsync("/v1/jobs/batch", """{"jobs":5}""")).Names("jobs");
        var most = string.Join(',', Enumerable.Repeat("""{"type":"echo","pool":"idle"}""", 1000));
        (await tenant.Api.PostAsync("/v1/jobs/batch", $$"""{"jobs":[{{most}},{"type":"echo"}]}""")).Names("jobs");
        Assert.Equal(0, (await tenant.Api.GetAsync("/v1/usage")).Is(200)["active"].GetInt32());

        var taken = (await tenant.Api.PostAsync("/v1/jobs/batch", $$"""{"jobs":[{{most}}]}""")).Is(200)["results"].EnumerateArray();
        Assert.Equal(1000, taken.Count(result => result.GetProperty("status").GetString() == "accepted"));
    }

    [Fact]
    public async Task List_PageByPageAndByStatus_GivesEachJobOnceNewestFirst()
    {
        var tenant = await _server.TenantAsync();
        var done = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            done.Add(await tenant.SubmitAsync("""{"type":"echo"}"""));
            await tenant.FinishedAsync(done[i]);
        }

        var waiting = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            waiting.Add(await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}"""));
        }

        Assert.Equal(Enumerable.Reverse([.. done, .. waiting]), await AllAsync(tenant, "limit=2"));
        Assert.Equal(Enumerable.Reverse(waiting), await AllAsync(tenant, "limit=3&status=pending"));
        Assert.Equal(Enumerable.Reverse(done), await AllAsync(tenant, "status=completed"));
        Assert.Empty(await AllAsync(tenant, "status=failed"));
        var item = (await tenant.Api.GetAsync("/v1/jobs?limit=1")).Is(200)["jobs"][0];
        Assert.False(item.TryGetProperty("payload", out _));
        Assert.False(item.TryGetProperty("result", out _));
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=201", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=1e2", "limit")]
    [InlineData("status=done", "status")]
    [InlineData("status=pending&status=failed", "status")]
    [InlineData("cursor=x%0A", "cursor")]
    [InlineData("tenant=other", "tenant")]
    public async Task List_WithAWrongParameter_IsRefused(string query, string field)
    {
        var tenant = await _server.TenantAsync();
        (await tenant.Api.GetAsync("/v1/jobs?" + query)).Names(field);
    }

    [Fact]
    public async Task Get_PendingJob_SaysWhereItStandsAndWhy()
    {
        var tenant = await _server.TenantAsync();
        var first = await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}""");
        var second = await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}""");
        var delayed = await tenant.SubmitAsync("""{"type":"echo","pool":"idle","delay_ms":60000}""");

        Assert.Equal((0, "pool_busy"), await StandsAsync(first));
        Assert.Equal((1, "own_backlog"), await StandsAsync(second));
        var later = (await tenant.Api.GetAsync("/v1/jobs/" + delayed)).Is(200);
        Assert.Equal("delayed", later["waiting"].GetString());
        Assert.InRange((later["due_at"].GetDateTimeOffset() - later["submitted_at"].GetDateTimeOffset()).TotalMilliseconds, 59_999, 60_001);

        async Task<(int, string?)> StandsAsync(string id)
        {
            var job = (await tenant.Api.GetAsync("/v1/jobs/" + id)).Is(200);
            return (job["queue_position"].GetInt32(), job["waiting"].GetString());
        }
    }

    [Fact]
    public async Task StrangersJob_OnEveryEndpoint_IsByteForByteAJobThatNeverWas()
    {
        var owner = await _server.TenantAsync();
        var stranger = await _server.TenantAsync();
        var pending = await owner.SubmitAsync("""{"type":"echo","pool":"idle","payload":"secret-canary"}""");
        var finished = await owner.SubmitAsync("""{"type":"echo","payload":"secret-canary"}""");
        await owner.FinishedAsync(finished);
        string[] endpoints = ["GET /v1/jobs/{0}", "GET /v1/jobs/{0}/events", "POST /v1/jobs/{0}/cancel", "POST /v1/jobs/{0}/cancel?wait=1", "POST /v1/jobs/{0}/retry"];
        foreach (var endpoint in endpoints)
        {
            var never = await RawAsync(stranger.Key, string.Format(CultureInfo.InvariantCulture, endpoint, Unknown));
            Assert.StartsWith("HTTP/1.1 404", never, StringComparison.Ordinal);
            foreach (var id in new[] { pending, finished, "x", Unknown.ToUpperInvariant(), "00000000000000000000000000000000" })
            {
                Assert.Equal(never, await RawAsync(stranger.Key, string.Format(CultureInfo.InvariantCulture, endpoint, id)));
            }
        }

        // The control: the owner's same calls find the jobs, and nothing the stranger sent changed them.
        Assert.Equal("pending", (await owner.Api.GetAsync("/v1/jobs/" + pending)).Is(200)["status"].GetString());
        Assert.Equal("completed", (await owner.Api.GetAsync("/v1/jobs/" + finished)).Is(200)["status"].GetString());
        (await owner.Api.PostAsync($"/v1/jobs/{finished}/retry")).Refuses(409, "not_retryable");
        Assert.Empty(await AllAsync(stranger, "limit=10"));
    }

    [Fact]
    public async Task Retry_OfAFailedJob_RunsItAgain()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"fail","max_attempts":1}""");
        var failed = await tenant.FinishedAsync(job);
        Assert.Equal(("failed", 1), (failed["status"].GetString(), failed["failures"].GetInt32()));
        Assert.Contains("fails by design", failed["error"].GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", failed["error"].GetString(), StringComparison.Ordinal);

        Assert.Equal("pending", (await tenant.Api.PostAsync($"/v1/jobs/{job}/retry")).Is(202)["status"].GetString());
        var again = await tenant.FinishedAsync(job);
        Assert.Equal(("failed", 2), (again["status"].GetString(), again["attempt"].GetInt32()));
    }

    [Fact]
    public async Task Request_BeyondTheLimitsOfItsSize_IsRefusedWithTheLimit()
    {
        var tenant = await _server.TenantAsync();
        var body = (await tenant.Api.PostAsync("/v1/jobs", $$"""{"type":"echo","payload":"{{new string('x', 5_000_000)}}"}""")).Refuses(413, "payload_too_large");
        Assert.Equal((4 * 1024 * 1024) + (64 * 1024), body["limit"].GetInt32());
        (await _server.Admin.PostAsync("/v1/tenants", $$"""{"id":"{{new string('x', 70_000)}}"}""")).Refuses(413, "payload_too_large");

        using var headers = new HttpRequestMessage(HttpMethod.Get, "/v1/usage");
        headers.Headers.TryAddWithoutValidation("X-Long", new string('x', 20_000));
        Assert.Equal(431, (await tenant.Api.SendAsync(headers)).Status);
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = new StringContent($$"""{"type":"echo","payload":"{{new string('x', 4_300_000)}}"}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")) };
        chunked.Headers.TransferEncodingChunked = true;
        (await tenant.Api.SendAsync(chunked)).Refuses(413, "payload_too_large");
        Assert.Equal(414, (await tenant.Api.GetAsync("/v1/jobs?cursor=" + new string('1', 9000))).Status);
        (await tenant.Api.GetAsync("/v1/usage")).Is(200);
    }

    [Fact]
    public async Task UnknownEndpoint_OrMethod_IsAProblem()
    {
        (await _server.Admin.GetAsync("/v2/jobs")).Refuses(404, "not_found");
        var method = (await _server.Admin.DeleteAsync("/v1/usage")).Refuses(405, "method_not_allowed");
        Assert.Contains("GET", method.Headers["Allow"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AdminJobs_OverTenantsAndOfOne_ListsEachOnceWithItsTenant()
    {
        var a = await _server.TenantAsync();
        var b = await _server.TenantAsync();
        var mine = new List<string> { await a.SubmitAsync("""{"type":"echo","pool":"idle"}"""), await a.SubmitAsync("""{"type":"echo","pool":"idle"}"""), await b.SubmitAsync("""{"type":"echo","pool":"idle"}""") };
        var seen = new List<(string Tenant, string Id)>();
        string? cursor = null;
        do
        {
            var page = (await _server.Admin.GetAsync("/v1/admin/jobs?status=pending&limit=200" + (cursor is null ? "" : "&cursor=" + cursor))).Is(200);
            seen.AddRange(page["jobs"].EnumerateArray().Select(job => (job.GetProperty("tenant").GetString()!, job.GetProperty("id").GetString()!)));
            cursor = page["next_cursor"].GetString();
        }
        while (cursor is not null);

        Assert.Equal(seen.Distinct().Count(), seen.Count);
        Assert.Subset(seen.ToHashSet(), new HashSet<(string, string)> { (a.Id, mine[0]), (a.Id, mine[1]), (b.Id, mine[2]) });
        var one = (await _server.Admin.GetAsync($"/v1/admin/jobs?tenant={a.Id}&limit=1")).Is(200);
        Assert.Equal(mine[1], Assert.Single(one["jobs"].EnumerateArray()).GetProperty("id").GetString());
        var rest = (await _server.Admin.GetAsync($"/v1/admin/jobs?tenant={a.Id}&limit=1&cursor={one["next_cursor"].GetString()}")).Is(200);
        Assert.Equal(mine[0], Assert.Single(rest["jobs"].EnumerateArray()).GetProperty("id").GetString());
        (await _server.Admin.GetAsync($"/v1/admin/jobs?tenant={b.Id}&cursor={one["next_cursor"].GetString()}")).Names("cursor");
        (await _server.Admin.GetAsync("/v1/admin/jobs?cursor=!")).Names("cursor");
        (await _server.Admin.GetAsync("/v1/admin/jobs?tenant=nobody")).Refuses(404, "not_found");
    }

    [Fact]
    public async Task AdminWorkers_ListsTheDemoWorker()
    {
        var workers = (await _server.Admin.GetAsync("/v1/admin/workers")).Is(200)["workers"];
        var worker = Assert.Single(workers.EnumerateArray(), worker => worker.GetProperty("slots").GetInt32() == 20);
        Assert.Equal("default", worker.GetProperty("pool").GetString());
    }

    private static async Task<List<string>> AllAsync(TestTenant tenant, string query)
    {
        var all = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await tenant.Api.GetAsync($"/v1/jobs?{query}{(cursor is null ? "" : "&cursor=" + cursor)}")).Is(200);
            all.AddRange(page["jobs"].EnumerateArray().Select(job => job.GetProperty("id").GetString()!));
            cursor = page["next_cursor"].GetString();
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>The bytes of an answer as they cross the wire, without the line that tells the time.</summary>
    private async Task<string> RawAsync(string key, string endpoint)
    {
        var url = new Uri(_server.Url);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        await using var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{endpoint} HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {key}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var lines = (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Split("\r\n");
        Assert.Contains(lines, line => line.StartsWith("Date: ", StringComparison.Ordinal));
        return string.Join("\r\n", lines.Where(line => !line.StartsWith("Date: ", StringComparison.Ordinal)));
    }
}
