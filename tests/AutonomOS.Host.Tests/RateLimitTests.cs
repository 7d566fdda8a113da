using System.Net.Sockets;
using System.Text;
using AutonomOS.Host.Tests.Running;

namespace AutonomOS.Host.Tests;

/// <summary>A flood of requests is a noisy neighbour as well.</summary>
public sealed class RateLimitTests
{
    [Fact]
    public async Task Flood_OfOneTenant_IsRefusedAndItsNeighbourIsNot()
    {
        using var server = await Server.StartAsync(["--requests-per-second", "10", "--requests-burst", "5"]);
        var loud = await server.TenantAsync();
        var quiet = await server.TenantAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => loud.Api.GetAsync("/v1/usage")));

        var refused = answers.Where(answer => answer.Status != 200).ToList();
        Assert.True(refused.Count >= 30, $"Only {refused.Count} of 60 were refused.");
        Assert.All(refused, answer =>
        {
            answer.Refuses(429, "rate_limited");
            Assert.Equal("1", answer.Headers["Retry-After"]);
        });
        Assert.True(answers.Length > refused.Count, "Nothing at all was let through.");
        (await quiet.Api.GetAsync("/v1/usage")).Is(200);
    }

    [Fact]
    public async Task StreamsAtOnce_BeyondTheMost_AreRefused()
    {
        using var server = await Server.StartAsync(["--streams-concurrent", "1"]);
        var tenant = await server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"echo"}""");
        await using var stream = await tenant.Api.EventsAsync($"/v1/jobs/{job}/events");
        Assert.NotNull(await stream.NextAsync());

        (await tenant.Api.GetAsync($"/v1/jobs/{job}/events")).Refuses(429, "rate_limited");
        (await tenant.Api.GetAsync("/v1/usage")).Is(200);
    }

    [Fact]
    public async Task RequestsAtOnce_BeyondTheMost_AreRefusedUntilOneEnds()
    {
        using var server = await Server.StartAsync(["--requests-concurrent", "1"]);
        var tenant = await server.TenantAsync();
        var other = await server.TenantAsync();
        using (await HoldAsync(server, tenant))
        {
            (await tenant.Api.GetAsync("/v1/usage")).Refuses(429, "rate_limited");
            (await other.Api.GetAsync("/v1/usage")).Is(200);
        }

        await UntilAsync(tenant, 200);
    }

    /// <summary>Holds the tenant's only place with a request whose body does not come.</summary>
    private static async Task<TcpClient> HoldAsync(Server server, TestTenant tenant)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var url = new Uri(server.Url);
        var request = Encoding.ASCII.GetBytes(
            $"POST /v1/jobs HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {tenant.Key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{");
        while (true)
        {
            var half = new TcpClient();
            await half.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
            await half.GetStream().WriteAsync(request, TestContext.Current.CancellationToken);
            // An answer means that it was refused itself: it met the look of this very loop. Then another one tries.
            while (half.Available == 0)
            {
                if ((await tenant.Api.GetAsync("/v1/usage")).Status == 429)
                {
                    return half;
                }

                Assert.False(bound.IsCancellationRequested, "No request could hold the tenant's only place.");
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }

            half.Dispose();
        }
    }

    private static async Task UntilAsync(TestTenant tenant, int status)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await tenant.Api.GetAsync("/v1/usage")).Status != status)
        {
            Assert.False(bound.IsCancellationRequested, $"No {status} within 20 s.");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
