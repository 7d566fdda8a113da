using System.Globalization;
using AutonomOS.Host.Tests.Running;
using AutonomOS.Tests.Conformance.Stores;
using Microsoft.Data.Sqlite;

namespace AutonomOS.Host.Tests;

/// <summary>Finished jobs that have left the store, over the API: to their tenant nothing has changed, to others they are not there.</summary>
public sealed class ArchiveApiTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Archived_EveryEndpointAnswersAsBefore()
    {
        using var server = await Server.StartAsync(["--workers", "2", "--live-seconds", "1"]);
        var tenant = await server.TenantAsync();
        var stranger = await server.TenantAsync();
        var live = await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}""");
        const string Keyed = """{"type":"echo","payload":{"n":1.50},"idempotency_key":"k"}""";
        var done = await tenant.SubmitAsync(Keyed);
        var before = await tenant.FinishedAsync(done);
        var failed = await tenant.SubmitAsync("""{"type":"fail","max_attempts":1}""");
        await tenant.FinishedAsync(failed);
        await UntilAsync(async () => await ArchivedAsync(server.Data, tenant.Id) == 2, "both are archived");
        // Committed first, dropped then: what is read below is read from the records.
        await UntilAsync(async () => (await tenant.Api.GetAsync("/v1/usage")).Is(200)["finished"].GetInt32() == 0, "the store let them go");

        Assert.Equal(before.Text, (await tenant.Api.GetAsync($"/v1/jobs/{done}")).Is(200).Text);
        Assert.Equal([failed, done, live], await ListAsync(tenant.Api, "/v1/jobs?limit=1"));
        Assert.Equal([failed, done, live], await ListAsync(tenant.Api, "/v1/jobs"));
        Assert.Equal([failed], await ListAsync(tenant.Api, "/v1/jobs?status=failed"));
        Assert.Equal([failed, done, live], await ListAsync(server.Admin, $"/v1/admin/jobs?tenant={tenant.Id}&limit=2"));
        Assert.Empty(await ListAsync(stranger.Api, "/v1/jobs"));
        var cancelled = (await tenant.Api.PostAsync($"/v1/jobs/{done}/cancel?wait=1")).Is(200);
        Assert.Equal(("already_final", "completed"), (cancelled["outcome"].GetString(), cancelled["status"].GetString()));
        (await tenant.Api.PostAsync($"/v1/jobs/{failed}/retry")).Refuses(409, "not_retryable");
        await using (var events = await tenant.Api.EventsAsync($"/v1/jobs/{done}/events"))
        {
            var last = Assert.Single(await events.RestAsync());
            Assert.Equal(("snapshot", "completed"), (last.Name, last["status"].GetString()));
        }

        var replay = (await tenant.Api.PostAsync("/v1/jobs", Keyed)).Is(200);
        Assert.Equal((done, "completed", true), (replay["id"].GetString(), replay["status"].GetString(), replay["replayed"].GetBoolean()));
        (await tenant.Api.PostAsync("/v1/jobs", """{"type":"echo","payload":2,"idempotency_key":"k"}""")).Refuses(422, "idempotency_conflict");
        Assert.Equal(1, await CountAsync(tenant.Api, "pending"));

        var nobody = new string('0', 32);
        foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Post, "/cancel"), (HttpMethod.Post, "/retry"), (HttpMethod.Get, "/events") })
        {
            var theirs = (await stranger.Api.SendAsync(method, $"/v1/jobs/{done}{path}")).Refuses(404, "not_found");
            var none = (await stranger.Api.SendAsync(method, $"/v1/jobs/{nobody}{path}")).Refuses(404, "not_found");
            Assert.Equal(none.Body, theirs.Body);
            Assert.Equal(none.Headers.Where(h => h.Key != "Date"), theirs.Headers.Where(h => h.Key != "Date"));
        }
    }

    [Fact]
    public async Task KilledWhileArchiving_EveryJobIsThereOnce()
    {
        const int Count = 3000;
        const int BatchCount = 200;
        using var directory = new TempDirectory();
        var data = directory.File("d");
        TestTenant tenant;
        using (var first = await Server.StartAsync(["--workers", "20", "--live-seconds", "1"], data))
        {
            tenant = await first.TenantAsync(""","max_concurrent":20""");
            var batch = $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat("""{"type":"echo"}""", BatchCount))}}]}""";
            for (var i = 0; i < Count / BatchCount; i++)
            {
                (await tenant.Api.PostAsync("/v1/jobs/batch", batch)).Is(200);
            }

            await UntilAsync(async () => await ArchivedAsync(data, tenant.Id) is > 100 and < Count, "it archives");
            first.Program.Kill();
        }

        Assert.InRange(await ArchivedAsync(data, tenant.Id), 100, Count - 1);
        using var second = await Server.StartAsync(["--workers", "20", "--live-seconds", "1"], data);
        using var api = second.Client(tenant.Key);
        await UntilAsync(async () => await ArchivedAsync(data, tenant.Id) == Count, "all are archived");

        var all = await ListAsync(api, "/v1/jobs?limit=200");
        Assert.Equal(Count, all.Count);
        Assert.Equal(Count, all.Distinct().Count());
        Assert.Equal(Count, (await ListAsync(api, "/v1/jobs?limit=200&status=completed")).Count);
    }

    [Fact]
    public async Task RecordsAway_LiveJobsAreReadAndReadinessSaysThatArchivingWaits()
    {
        using var server = await Server.StartAsync(["--workers", "2", "--live-seconds", "1"]);
        var tenant = await server.TenantAsync();
        using var anyone = server.Client(null);
        await using var holder = new SqliteConnection($"Data Source={Path.Combine(server.Data, "records.db")};Pooling=False");
        await holder.OpenAsync(TestContext.Current.CancellationToken);
        await tenant.SubmitAsync("""{"type":"echo"}""");
        await ExecuteAsync(holder, "BEGIN IMMEDIATE");

        var job = await tenant.SubmitAsync("""{"type":"echo"}""");
        await tenant.FinishedAsync(job);
        await UntilAsync(async () => (await anyone.GetAsync("/healthz/ready")).Is(200).Text == """{"status":"ready","archive":"delayed"}""", "readiness says so");
        (await tenant.Api.GetAsync($"/v1/jobs/{job}")).Is(200);
        await tenant.SubmitAsync("""{"type":"echo"}""");

        await ExecuteAsync(holder, "ROLLBACK");
        await UntilAsync(async () => (await anyone.GetAsync("/healthz/ready")).Is(200).Text == """{"status":"ready"}""", "it archives again");
        await UntilAsync(async () => await ArchivedAsync(server.Data, tenant.Id) == 3, "all are archived");
    }

    internal static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Bound, $"Still not so: {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Jobs of a tenant in the records' file itself.</summary>
    internal static async Task<int> ArchivedAsync(string data, string tenant)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(data, "records.db")};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM archived_jobs WHERE tenant_id = $tenant";
        command.Parameters.AddWithValue("$tenant", tenant);
        return Convert.ToInt32(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
    }

    internal static async Task<IReadOnlyList<string>> ListAsync(ApiClient api, string path)
    {
        var ids = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await api.GetAsync(path + (cursor.Length == 0 ? "" : (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "cursor=" + cursor))).Is(200);
            ids.AddRange(page["jobs"].EnumerateArray().Select(job => job.GetProperty("id").GetString()!));
            cursor = page["next_cursor"].GetString();
        }

        return ids;
    }

    private static async Task<int> CountAsync(ApiClient api, string status) => (await ListAsync(api, $"/v1/jobs?status={status}")).Count;

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
