using AutonomOS.Host.Tests.Running;

namespace AutonomOS.Host.Tests;

/// <summary>The event stream of a job.</summary>
public sealed class EventApiTests(SharedServer shared)
{
    private static readonly TimeSpan CloseBound = TimeSpan.FromSeconds(5);

    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Stream_OfAWholeLife_BeginsWithASnapshotRisesAndEndsWithTheFinalState()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"sleep","delay_ms":300,"payload":{"ms":600}}""");
        await using var stream = await tenant.Api.EventsAsync($"/v1/jobs/{job}/events");

        var events = await stream.RestAsync();

        Assert.Equal(("snapshot", "pending"), (events[0].Name, events[0]["status"].GetString()));
        Assert.Equal("completed", events[^1]["status"].GetString());
        Assert.Contains(events, happened => happened.Name == "state" && happened["status"].GetString() == "running");
        Assert.Contains(events, happened => happened.Name == "progress");
        Assert.All(events, happened => Assert.Equal((job, happened.Id), (happened["id"].GetString(), happened["sequence"].GetInt64())));
        Assert.Equal(events.Select(happened => happened.Id).Distinct().Order(), events.Select(happened => happened.Id));
        var percents = events.Select(happened => happened["progress"].GetProperty("percent").GetInt32()).ToList();
        Assert.Equal(percents.Order(), percents);
        Assert.All(percents, percent => Assert.InRange(percent, 0, 100));
    }

    [Fact]
    public async Task Stream_OfAFinishedJob_IsItsSnapshotAlone()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"echo"}""");
        await tenant.FinishedAsync(job);
        await using var stream = await tenant.Api.EventsAsync($"/v1/jobs/{job}/events");

        var only = Assert.Single(await stream.RestAsync());
        Assert.Equal(("snapshot", "completed"), (only.Name, only["status"].GetString()));
    }

    [Fact]
    public async Task Stream_ShowsNothingOfAnotherJob()
    {
        var tenant = await _server.TenantAsync();
        var quiet = await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}""");
        await using var stream = await tenant.Api.EventsAsync($"/v1/jobs/{quiet}/events");
        Assert.Equal("snapshot", (await stream.NextAsync())!.Name);
        await tenant.FinishedAsync(await tenant.SubmitAsync("""{"type":"echo"}"""));

        await tenant.Api.PostAsync($"/v1/jobs/{quiet}/cancel");

        var next = (await stream.NextAsync())!;
        Assert.Equal((quiet, "state", "cancelled"), (next["id"].GetString(), next.Name, next["status"].GetString()));
        Assert.Null(await stream.NextAsync());
    }

    [Fact]
    public async Task Stream_WhenItsKeyIsRevoked_EndsWithinFiveSeconds()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}""");
        await using var stream = await tenant.Api.EventsAsync($"/v1/jobs/{job}/events");
        Assert.NotNull(await stream.NextAsync());

        (await _server.Admin.DeleteAsync($"/v1/tenants/{tenant.Id}/keys/{tenant.Key.Split('.')[0]}")).Is(204);

        Assert.Null(await stream.NextAsync().WaitAsync(CloseBound, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Stream_WhenItsTenantIsSuspended_EndsWithinFiveSecondsAndIsRefusedUntilResumed()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}""");
        await using var stream = await tenant.Api.EventsAsync($"/v1/jobs/{job}/events");
        Assert.NotNull(await stream.NextAsync());

        (await _server.Admin.PostAsync($"/v1/tenants/{tenant.Id}/suspend")).Is(200);

        Assert.Null(await stream.NextAsync().WaitAsync(CloseBound, TestContext.Current.CancellationToken));
        (await tenant.Api.GetAsync($"/v1/jobs/{job}/events")).Refuses(409, "tenant_suspended");
        (await tenant.Api.GetAsync("/v1/jobs/" + job)).Is(200);
    }
}
