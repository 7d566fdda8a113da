using AutonomOS.Host.Tests.Running;
using Microsoft.Data.Sqlite;

namespace AutonomOS.Host.Tests;

/// <summary>Another process holds the records: changes are refused in time, jobs go on.</summary>
public sealed class RecordsAwayTests
{
    private static readonly TimeSpan RefusalBound = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Records_HeldByAnotherProcess_StopChangesAndNoJob()
    {
        using var server = await Server.StartAsync(["--workers", "2"]);
        var tenant = await server.TenantAsync();
        await tenant.SubmitAsync("""{"type":"echo"}""");
        await using var holder = new SqliteConnection($"Data Source={Path.Combine(server.Data, "records.db")};Pooling=False");
        await holder.OpenAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(holder, "BEGIN IMMEDIATE");

        var refused = (await server.Admin.PostAsync("/v1/tenants", """{"id":"late"}""")).Refuses(503, "records_unavailable");
        Assert.True(refused.Took < RefusalBound, $"The refusal took {refused.Took}.");
        (await server.Admin.PostAsync($"/v1/tenants/{tenant.Id}/suspend")).Refuses(503, "records_unavailable");
        var job = await tenant.FinishedAsync(await tenant.SubmitAsync("""{"type":"echo","payload":1}"""));
        Assert.Equal("completed", job["status"].GetString());

        await ExecuteAsync(holder, "ROLLBACK");
        (await server.Admin.PostAsync("/v1/tenants", """{"id":"late"}""")).Is(201);
        Assert.DoesNotContain("   at ", server.Program.Error, StringComparison.Ordinal);
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
