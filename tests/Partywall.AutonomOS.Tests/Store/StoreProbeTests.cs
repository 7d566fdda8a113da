using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Partywall.AutonomOS.Store;
using Partywall.Targets;

namespace Partywall.AutonomOS.Tests.Store;

public sealed class StoreProbeTests
{
    private const int AnswerMs = 2_000;

    [Fact]
    public async Task Connect_NothingThere_IsAClearErrorInTime()
    {
        var endpoint = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{RedisServer.FreePort()}");

        var error = await FailAsync(endpoint);

        Assert.Contains($"answered at {endpoint}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_SomethingThatNeverAnswers_IsAClearErrorInTime()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        var error = await FailAsync(silent.LocalEndpoint.ToString()!);

        Assert.Contains("speaks the Redis protocol", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NoEndpoint_IsAClearError()
    {
        var error = await FailAsync("not an endpoint:x");

        Assert.Contains("--store not an endpoint:x", error.Message, StringComparison.Ordinal);
    }

    private static async Task<TargetException> FailAsync(string endpoint)
    {
        var begun = Stopwatch.GetTimestamp();
        var error = await Assert.ThrowsAsync<TargetException>(
            () => StoreProbe.ConnectAsync(endpoint, null, TimeProvider.System, AnswerMs, TestContext.Current.CancellationToken));
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(8));
        return error;
    }
}
