using AutonomOS.Host.Tests.Running;

namespace AutonomOS.Host.Tests;

/// <summary>Cancelling in every state, with and without waiting.</summary>
public sealed class CancelApiTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Cancel_PendingJob_IsCancelledAtOnce()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}""");

        var answer = (await tenant.Api.PostAsync($"/v1/jobs/{job}/cancel")).Is(200);

        Assert.Equal((job, "cancelled", "cancelled"), (answer["id"].GetString(), answer["outcome"].GetString(), answer["status"].GetString()));
        Assert.Equal("cancelled", (await tenant.Api.GetAsync("/v1/jobs/" + job)).Is(200)["status"].GetString());
        Assert.Equal("already_final", (await tenant.Api.PostAsync($"/v1/jobs/{job}/cancel")).Is(200)["outcome"].GetString());
    }

    [Fact]
    public async Task Cancel_RunningJobWithWait_AnswersWhenItHasStopped()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"sleep","payload":{"ms":60000}}""");
        await tenant.RunningAsync(job);

        var answer = (await tenant.Api.PostAsync($"/v1/jobs/{job}/cancel?wait=30")).Is(200);

        Assert.Equal(("cancelled", "cancelled"), (answer["outcome"].GetString(), answer["status"].GetString()));
        Assert.True(answer.Took < TimeSpan.FromSeconds(10), $"The wait took {answer.Took}: it was not ended by the event.");
        Assert.Equal(0, (await tenant.Api.GetAsync("/v1/usage")).Is(200)["running"].GetInt32());
    }

    [Fact]
    public async Task Cancel_RunningJobWithoutWait_IsRequested()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"sleep","payload":{"ms":60000}}""");
        await tenant.RunningAsync(job);

        Assert.Equal("requested", (await tenant.Api.PostAsync($"/v1/jobs/{job}/cancel")).Is(200)["outcome"].GetString());
        var job2 = await tenant.FinishedAsync(job);
        Assert.Equal(("cancelled", true), (job2["status"].GetString(), job2["cancel_requested"].GetBoolean()));
    }

    [Fact]
    public async Task Cancel_FinishedJob_IsAlreadyFinalAndKeepsItsStatus()
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"echo"}""");
        await tenant.FinishedAsync(job);

        var answer = (await tenant.Api.PostAsync($"/v1/jobs/{job}/cancel?wait=5")).Is(200);
        Assert.Equal(("already_final", "completed"), (answer["outcome"].GetString(), answer["status"].GetString()));
    }

    [Theory]
    [InlineData("wait=-1", "wait")]
    [InlineData("wait=31", "wait")]
    [InlineData("wait=x", "wait")]
    [InlineData("wiat=1", "wiat")]
    public async Task Cancel_WithAWrongParameter_CancelsNothing(string query, string field)
    {
        var tenant = await _server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}""");
        (await tenant.Api.PostAsync($"/v1/jobs/{job}/cancel?{query}")).Names(field);
        Assert.Equal("pending", (await tenant.Api.GetAsync("/v1/jobs/" + job)).Is(200)["status"].GetString());
    }
}
