using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Partywall.History;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.Tests.Witness;

public sealed class WitnessTests : IAsyncDisposable
{
    private const string Start = """{"type":"start","request":1,"at":1,"tenant":"a","job":"job","label":"j","attempt":1,"fence":""}""";
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(20);
    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<HistoryEvent> _events = new();
    private readonly WitnessServer _server;

    public WitnessTests() => _server = new WitnessServer(SocketPath, new RunClock(), _events.Enqueue);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string SocketPath => _directory.File("w.sock");

    [Fact]
    public async Task Run_Body_IsSeenFromStartToStop()
    {
        await using var client = await WitnessClient.ConnectAsync(SocketPath, "w1", Cancel);
        var told = new ConcurrentQueue<(int, string)>();

        var outcome = await ProbeBody.RunAsync(
            client,
            new ProbeAttempt("a", "job", 1, "f"),
            new ProbePayload("j1", 90, 2, 0, "canary"),
            (percent, text, _) =>
            {
                told.Enqueue((percent, text));
                return ValueTask.CompletedTask;
            },
            Cancel);
        Assert.True(await _server.State.WaitAsync(static w => w.Stops("j1") == 1, s_bound, Cancel));

        Assert.Equal(new ProbeOutcome(true, "j1 done canary"), outcome);
        Assert.Equal([(33, "j1 33 % canary"), (66, "j1 66 % canary")], told);
        var start = Assert.Single(_events.OfType<BodyStarted>());
        Assert.Equal(new BodyStarted(start.AtNs, 1, "w1", "a", "job", "j1", 1, "f"), start);
        Assert.Equal([33, 66], _events.OfType<BodyProgressed>().Select(static p => p.Percent));
        var stop = Assert.Single(_events.OfType<BodyStopped>());
        Assert.Equal(BodyOutcome.Completed, stop.Outcome);
        Assert.True(stop.AtNs - start.AtNs >= 85_000_000, $"{stop.AtNs - start.AtNs} ns");
    }

    [Fact]
    public async Task Run_TwoBodies_AreSeenAtTheSameTime()
    {
        await using var client = await WitnessClient.ConnectAsync(SocketPath, "w1", Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var bodies = Enumerable.Range(0, 2).Select(i => BodyAsync(client, "j" + i, 60_000, stop.Token)).ToList();

        Assert.True(await _server.State.WaitAsync(static w => w.Running("a") == 2 && w.RunningTotal == 2, s_bound, Cancel));

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(bodies));
        Assert.True(await _server.State.WaitAsync(static w => w.RunningTotal == 0, s_bound, Cancel));
        Assert.All(_events.OfType<BodyStopped>(), static s => Assert.Equal(BodyOutcome.Cancelled, s.Outcome));
    }

    [Fact]
    public async Task Run_ToldToFailFirst_FailsUntilThen()
    {
        await using var client = await WitnessClient.ConnectAsync(SocketPath, "w1", Cancel);
        var payload = new ProbePayload("j", 0, 0, 2, "canary");

        var outcomes = new List<ProbeOutcome>();
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            outcomes.Add(await ProbeBody.RunAsync(client, new ProbeAttempt("a", "job", attempt, ""), payload, null, Cancel));
        }

        Assert.Equal([false, false, true], outcomes.Select(static o => o.Succeeded));
        Assert.All(outcomes, static o => Assert.Contains("canary", o.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_CancelledBeforeItStarts_ReportsStartAndStopEvenSo()
    {
        await using var client = await WitnessClient.ConnectAsync(SocketPath, "w1", Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => BodyAsync(client, "j", 60_000, new CancellationToken(canceled: true)));

        Assert.True(await _server.State.WaitAsync(static w => w.Stops("j") == 1, s_bound, Cancel));
        Assert.Single(_events.OfType<BodyStarted>());
    }

    [Fact]
    public async Task Run_WitnessGoesAway_BodyEnds()
    {
        await using var client = await WitnessClient.ConnectAsync(SocketPath, "w1", Cancel);
        var body = BodyAsync(client, "j", 600_000, Cancel);
        Assert.True(await _server.State.WaitAsync(static w => w.RunningTotal == 1, s_bound, Cancel));

        await _server.DisposeAsync();

        await Assert.ThrowsAsync<WitnessException>(() => body.WaitAsync(s_bound, Cancel));
        Assert.True(client.Lost.IsCancellationRequested);
        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public async Task Connect_NobodyListens_SaysSo()
    {
        var error = await Assert.ThrowsAsync<WitnessException>(() => WitnessClient.ConnectAsync(_directory.File("nobody.sock"), "w1", Cancel));

        Assert.Contains("nobody.sock", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NameIsTaken_IsRefusedUntilTheOtherLeft()
    {
        var first = await WitnessClient.ConnectAsync(SocketPath, "w1", Cancel);

        var error = await Assert.ThrowsAsync<WitnessException>(() => WitnessClient.ConnectAsync(SocketPath, "w1", Cancel));
        Assert.Contains("connected already", error.Message, StringComparison.Ordinal);

        await first.DisposeAsync();
        Assert.True(await _server.State.WaitAsync(static w => w.Processes == 0, s_bound, Cancel));
        await using var second = await WitnessClient.ConnectAsync(SocketPath, "w1", Cancel);
        Assert.True(_events.OfType<WitnessLeft>().First().Orderly);
    }

    [Fact]
    public async Task Connect_OtherHost_IsRefusedWithTheReason()
    {
        var hello = new HelloMessage(WitnessProtocol.Version, "w1", 1, Stopwatch.Frequency, "another-boot");

        var error = await Assert.ThrowsAsync<WitnessException>(() => WitnessClient.ConnectAsync(SocketPath, hello, Cancel));

        Assert.Contains("one host", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_OtherVersion_IsRefusedWithTheReason()
    {
        var hello = new HelloMessage(WitnessProtocol.Version + 1, "w1", 1, Stopwatch.Frequency, WitnessProtocol.HostBoot);

        var error = await Assert.ThrowsAsync<WitnessException>(() => WitnessClient.ConnectAsync(SocketPath, hello, Cancel));

        Assert.Contains("version", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_ProcessDiesInABody_LeftIsNotOrderlyAndNothingRuns()
    {
        using var socket = await ConnectRawAsync();
        await SendAsync(socket, Hello("w1"));
        await SendAsync(socket, Start);
        Assert.True(await _server.State.WaitAsync(static w => w.RunningTotal == 1, s_bound, Cancel));

        socket.Dispose();

        Assert.True(await _server.State.WaitAsync(static w => w.RunningTotal == 0 && w.Processes == 0, s_bound, Cancel));
        await _server.DisposeAsync();
        Assert.False(Assert.Single(_events.OfType<WitnessLeft>()).Orderly);
        Assert.Empty(_events.OfType<BodyStopped>());
    }

    [Fact]
    public async Task Serve_Garbage_HangsUpAndNotesIt()
    {
        using var socket = await ConnectRawAsync();
        await SendAsync(socket, "garbage");

        Assert.Equal(0, await socket.ReceiveAsync(new byte[100], Cancel).AsTask().WaitAsync(s_bound, Cancel));
        await _server.DisposeAsync();
        Assert.Contains(_events.OfType<Noted>(), static n => n.Text.Contains("no message", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_SilenceBetweenBeats_IsRecordedAsAStall()
    {
        using var socket = await ConnectRawAsync();
        await SendAsync(socket, Hello("w1"));
        var first = Stopwatch.GetTimestamp() + Stopwatch.Frequency;
        var within = first + (Stopwatch.Frequency * WitnessProtocol.StallMs / 1_000);
        var late = within + (Stopwatch.Frequency * 2);
        foreach (var at in new[] { first, within, late })
        {
            await SendAsync(socket, $$"""{"type":"beat","at":{{at}}}""");
        }

        // What comes after them has been seen only when they have.
        await SendAsync(socket, Start);
        Assert.True(await _server.State.WaitAsync(static w => w.RunningTotal == 1, s_bound, Cancel));

        // The first beat is a second after the hello, which is a stall as well; the second is just in time.
        var stalls = _events.OfType<WitnessStalled>().Where(static s => s.Process == "w1").ToList();
        Assert.Equal(2, stalls.Count);
        Assert.Equal(2_000_000_000, stalls[1].AtNs - stalls[1].FromNs);
    }

    [Fact]
    public async Task Wait_NeverTrue_EndsAtItsBound() =>
        Assert.False(await _server.State.WaitAsync(static _ => false, TimeSpan.FromMilliseconds(20), Cancel));

    [Fact]
    public void Listen_SocketIsInUse_SaysWhere()
    {
        var error = Assert.Throws<WitnessException>(() => new WitnessServer(SocketPath, new RunClock(), static _ => { }));

        Assert.Contains(SocketPath, error.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    private static Task<ProbeOutcome> BodyAsync(WitnessClient client, string label, int durationMs, CancellationToken cancellationToken) =>
        ProbeBody.RunAsync(client, new ProbeAttempt("a", "job-" + label, 1, ""), new ProbePayload(label, durationMs, 0, 0, null), null, cancellationToken);

    private static string Hello(string process) =>
        $$"""{"type":"hello","version":1,"process":"{{process}}","processId":1,"frequency":{{Stopwatch.Frequency}},"host":"{{WitnessProtocol.HostBoot}}"}""";

    private async Task<Socket> ConnectRawAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), Cancel);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string line) => await socket.SendAsync(Encoding.UTF8.GetBytes(line + "\n"), Cancel);
}
