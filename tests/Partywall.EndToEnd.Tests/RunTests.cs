using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Partywall.AutonomOS.Tests.Store;
using StackExchange.Redis;

namespace Partywall.EndToEnd.Tests;

/// <summary>What a user gets who types the command: verdict, exit code, report, and a clean machine, whatever happens.</summary>
public sealed class RunTests
{
    private const int Passed = 0;
    private const int Inconclusive = 2;
    private static readonly TimeSpan RunBound = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan CheckBound = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopBound = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Run_StressOnItsOwnStore_PassesAndIsJudgedTheSameAgain()
    {
        await using var partywall = new Partywall();
        partywall.Start("run", "stress/isolation-under-load", "stress/quota", "--target", "autonomos", "--seed", "7", "--out", partywall.Report);
        var (exitCode, output) = await partywall.EndAsync(RunBound);

        SkipWhenTheMachineWasTooBusy(partywall, exitCode);
        Assert.True(exitCode == Passed, output);
        await AssertReportAsync(partywall);
        Assert.Empty(partywall.Left());
    }

    [Fact]
    public async Task Run_StressOnSomebodysRedis_PassesAndLeavesItEmpty()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var partywall = new Partywall();
        partywall.Start("run", "stress/isolation-under-load", "stress/quota", "--store", redis.Endpoint, "--seed", "7", "--out", partywall.Report);
        var (exitCode, output) = await partywall.EndAsync(RunBound);

        SkipWhenTheMachineWasTooBusy(partywall, exitCode);
        Assert.True(exitCode == Passed, output);
        await AssertReportAsync(partywall);
        Assert.Empty(partywall.Left());
        Assert.Equal(0, await KeysAsync(redis));
    }

    [Fact]
    public async Task Run_InterruptedHalfWay_LeavesACleanMachineAndAHistory()
    {
        await using var partywall = new Partywall();
        partywall.Start("run", "stress", "--seed", "7", "--out", partywall.Report);
        await partywall.UnderLoadAsync();

        partywall.Signal("-INT");

        var (exitCode, output) = await partywall.EndAsync(StopBound);
        Assert.True(exitCode == Inconclusive, $"Exit code {exitCode}\n{output}");
        Assert.Empty(partywall.Left());
        var history = Assert.Single(partywall.Histories);
        Assert.Contains("\"outcome\":\"Interrupted\"", Partywall.ReadLines(history)[^1], StringComparison.Ordinal);
        var (again, words) = await Partywall.RunAsync(CheckBound, "check", history);
        Assert.True(again == Inconclusive, words);
    }

    [Fact]
    public async Task Run_KilledHalfWay_ItsProcessesEndAndItsFilesGo()
    {
        await using var partywall = new Partywall();
        partywall.Start("run", "stress/quota", "--seed", "7", "--out", partywall.Report);
        await partywall.UnderLoadAsync();
        Assert.True(partywall.Left().Count(static l => l.StartsWith("process", StringComparison.Ordinal)) >= 5, "partywall, watchdog, server and two workers");

        partywall.Signal("-KILL");

        await partywall.NothingLeftAsync(TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Run_StoreNotThere_IsAClearErrorInTime()
    {
        var endpoint = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{RedisServer.FreePort()}");
        await using var partywall = new Partywall();
        var begun = Stopwatch.GetTimestamp();
        partywall.Start("run", "stress/quota", "--store", endpoint, "--out", partywall.Report);
        var (exitCode, output) = await partywall.EndAsync(StopBound);

        Assert.NotEqual(Passed, exitCode);
        Assert.Contains(endpoint, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Empty(partywall.Left());
    }

    [Fact]
    public async Task Run_StoreOfSomebodyElse_IsRefusedAndUntouched()
    {
        await using var redis = await RedisServer.StartAsync();
        await using (var connection = await ConnectionMultiplexer.ConnectAsync(redis.Endpoint))
        {
            await connection.GetDatabase().HashSetAsync("job:meta:tenant:{theirs}", "st", "active");
        }

        await using var partywall = new Partywall();
        partywall.Start("run", "stress/quota", "--store", redis.Endpoint, "--out", partywall.Report);
        var (exitCode, output) = await partywall.EndAsync(StopBound);

        Assert.NotEqual(Passed, exitCode);
        Assert.Contains("serves an AutonomOS already", output, StringComparison.Ordinal);
        Assert.Equal(1, await KeysAsync(redis));
        Assert.Empty(partywall.Left());
    }

    /// <summary>
    /// Other tests run at the same time. Where that is all that stands between the run and its verdict, the test has seen
    /// nothing wrong and proved nothing: it says so, and does not pass.
    /// </summary>
    private static void SkipWhenTheMachineWasTooBusy(Partywall partywall, int exitCode)
    {
        if (exitCode != Inconclusive)
        {
            return;
        }

        using var report = JsonDocument.Parse(File.ReadAllText(Path.Combine(partywall.Report, "report.json")));
        var open = report.RootElement.GetProperty("scenarios").EnumerateArray()
            .SelectMany(static s => s.GetProperty("checks").EnumerateArray())
            .Where(static c => c.GetProperty("verdict").GetString() != "pass")
            .ToList();
        Assert.SkipWhen(
            open.Count > 0 && open.TrueForAll(static c => c.GetProperty("check").GetString() is "harness.kept-schedule" or "harness.not-stalled"),
            "The machine was too busy to judge by: " + string.Join(' ', open.Select(static c => c.GetProperty("reason").GetString())));
    }

    private static async Task AssertReportAsync(Partywall partywall)
    {
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(partywall.Report, "report.json"), TestContext.Current.CancellationToken));
        Assert.Equal("pass", report.RootElement.GetProperty("verdict").GetString(), ignoreCase: true);
        Assert.True(new FileInfo(Path.Combine(partywall.Report, "junit.xml")).Length > 0);
        Assert.True(partywall.Histories.Count >= 3, "isolation under load in two variants, and quota");
        var (exitCode, output) = await Partywall.RunAsync(CheckBound, ["check", .. partywall.Histories]);
        Assert.True(exitCode == Passed, output);
    }

    private static async Task<long> KeysAsync(RedisServer redis)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Endpoint);
        return (long)await connection.GetDatabase().ExecuteAsync("DBSIZE");
    }
}
