using AutonomOS.Host.Tests.Running;
using AutonomOS.Tests.Conformance.Stores;

namespace AutonomOS.Host.Tests;

/// <summary><c>kill -9</c> of the whole server, and what is there afterwards.</summary>
public sealed class RestartTests
{
    /// <summary>The commit window that the server is started with, in milliseconds.</summary>
    private const int CommitWindowMs = 100;

    [Fact]
    public async Task Serve_KilledAndRestarted_HasAllThatWasAcknowledgedBeforeTheCommitWindow()
    {
        using var directory = new TempDirectory();
        var data = directory.File("d");
        TestTenant tenant;
        string adminKey;
        var acknowledged = new List<(string Id, long At)>();
        long killedAt;
        using (var first = await Server.StartAsync(["--commit-window-ms", "100"], data))
        {
            adminKey = first.AdminKey;
            tenant = await first.TenantAsync(""","max_concurrent":7,"weight":3""");
            (await first.Admin.PatchAsync($"/v1/tenants/{tenant.Id}", """{"weight":4}""", "\"1\"")).Is(200);
            var start = TimeProvider.System.GetTimestamp();
            // Submitting goes on right up to the kill, so that the window is not empty of writes.
            while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(2))
            {
                var id = await tenant.SubmitAsync($$"""{"type":"echo","pool":"idle","payload":{{acknowledged.Count}}}""");
                acknowledged.Add((id, TimeProvider.System.GetTimestamp()));
            }

            killedAt = TimeProvider.System.GetTimestamp();
            first.Program.Kill();
        }

        Assert.True(File.Exists(Path.Combine(data, "run", "store.sock")), "The kill left no socket behind: it was no kill.");
        using var second = await Server.StartAsync(data: data);
        Assert.Equal(adminKey, second.AdminKey);
        var record = (await second.Admin.GetAsync($"/v1/tenants/{tenant.Id}")).Is(200);
        Assert.Equal((7, 4, 2, 1), (record["max_concurrent"].GetInt32(), record["weight"].GetInt32(), record["version"].GetInt32(), record["epoch"].GetInt32()));
        using var api = second.Client(tenant.Key);
        var old = acknowledged.Where(job => TimeProvider.System.GetElapsedTime(job.At, killedAt).TotalMilliseconds > 2 * CommitWindowMs).ToList();
        Assert.True(old.Count > 100, $"Only {old.Count} jobs were acknowledged in time: too few to say anything.");
        for (var i = 0; i < old.Count; i++)
        {
            var job = (await api.GetAsync("/v1/jobs/" + old[i].Id)).Is(200);
            Assert.Equal(("pending", i), (job["status"].GetString(), job["payload"].GetInt32()));
        }

        var active = (await api.GetAsync("/v1/usage")).Is(200)["active"].GetInt32();
        Assert.InRange(active, old.Count, acknowledged.Count + 1);
        (await api.PostAsync("/v1/jobs", """{"type":"echo"}""")).Is(202);
    }
}
