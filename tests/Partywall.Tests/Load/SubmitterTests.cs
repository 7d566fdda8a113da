using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Partywall.Checks;
using Partywall.History;
using Partywall.Load;
using Partywall.Load.Submitters;
using Partywall.Targets;
using Partywall.Tests.Checks;
using Partywall.Witness;

namespace Partywall.Tests.Load;

public sealed class SubmitterTests : IAsyncDisposable
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(20);
    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<HistoryEvent> _events = new();
    private readonly RunClock _clock = new();
    private readonly WitnessServer _server;
    private readonly RecordedTenant _tenant;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _submitters = [];
    private readonly List<WitnessClient> _connections = [];

    public SubmitterTests()
    {
        _server = new WitnessServer(SocketPath, _clock, _events.Enqueue);
        _tenant = new RecordedTenant(
            new TenantSpec("a", 5), new CountingClient("a", new SharedSlots(5)), _clock, _events.Enqueue, new CanaryScanner(["a"], 1), new OperationNumbers());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string SocketPath => _directory.File("w.sock");

    private List<OperationInvoked> Asked => [.. _events.OfType<OperationInvoked>()];

    [Fact]
    public async Task Race_AnswersOfSeveralSubmitters_StandInTheHistoryWithTheirOwnTimesAndSenders()
    {
        var submitters = await StartAsync(3, new SharedSlots(5));

        var beforeNs = _clock.NowNs;
        var replies = await submitters.SubmitAtOnceAsync(_tenant, Singles(30), null, Cancel);
        var afterNs = _clock.NowNs;

        Assert.Equal(5, replies.Count(static r => r.Kind == ReplyKind.Ok));
        Assert.Equal(25, replies.Count(static r => r.Refusal is { Code: RefusalCode.QuotaExceeded, Limit: 5, Count: 5 }));
        Assert.Equal(30, Asked.Select(static o => o.Label).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal([("s1", 10), ("s2", 10), ("s3", 10)], Asked.CountBy(static o => o.Process!, StringComparer.Ordinal).OrderBy(static p => p.Key, StringComparer.Ordinal).Select(static p => (p.Key, p.Value)));
        var answers = _events.OfType<OperationEnded>().ToDictionary(static o => o.Operation);
        Assert.All(Asked, o => Assert.InRange(o.AtNs, beforeNs, answers[o.Operation].AtNs));
        Assert.All(answers.Values, a => Assert.InRange(a.AtNs, beforeNs + 25_000_000, afterNs));
        Assert.All(answers.Values, static a => Assert.Equal((202, 9), (a.Status, a.Bytes)));
        Assert.Equal(5, _tenant.Accepted.Count);
        Assert.Equal((30, 25), (_tenant.Submitted, _tenant.Refused));
    }

    [Fact]
    public async Task Race_BatchesAndEveryKindOfReply_ComeBackInOrder()
    {
        var submitters = await StartAsync(2, new SharedSlots(2));
        string[] labels = ["x1", "unknown", "away", "x2", "x3"];

        var replies = await submitters.SubmitAtOnceAsync(_tenant, [[.. labels.Take(4).Select(Job)], [Job("x3")]], null, Cancel);

        Assert.Equal(labels, Asked.OrderBy(o => Array.IndexOf(labels, o.Label)).Select(static o => o.Label));
        Assert.Equal([ReplyKind.Unknown, ReplyKind.Unavailable], replies.Skip(1).Take(2).Select(static r => r.Kind));
        Assert.Equal(("no answer", "the store is away"), (replies[1].Detail, replies[2].Detail));
        Assert.Equal(2, replies.Count(static r => r.Kind == ReplyKind.Ok));
        Assert.Single(Asked.Where(static o => o.Batch is not null).Select(static o => o.Batch).Distinct());
        Assert.Equal(4, Asked.Count(static o => o.Batch is not null));
    }

    [Fact]
    public async Task Race_SystemThatCountsThenActs_FailsByAdmission()
    {
        Assert.Equal(Verdict.Pass, (await AdmissionAsync(new SharedSlots(5))).Verdict);
        Assert.Equal(Verdict.Fail, (await AdmissionAsync(new SharedSlots(5, countThenAct: true))).Verdict);

        async Task<CheckResult> AdmissionAsync(SharedSlots slots)
        {
            _events.Clear();
            var submitters = await StartAsync(3, slots);
            await submitters.SubmitAtOnceAsync(_tenant, Singles(30), null, Cancel);
            var history = new HistoryBuilder().Tenant("a");
            foreach (var historyEvent in _events)
            {
                history.Add(historyEvent);
            }

            return Judged.By("slots.admission", history.Build());
        }
    }

    [Fact]
    public async Task Race_WhatTheHarnessDoesBesideIt_BeginsWithTheRace()
    {
        var submitters = await StartAsync(1, new SharedSlots(5));
        var begun = 0L;

        await submitters.SubmitAtOnceAsync(
            _tenant,
            Singles(1),
            () =>
            {
                begun = _clock.NowNs;
                return Task.CompletedTask;
            },
            Cancel);

        Assert.InRange(begun, 1, _events.OfType<OperationEnded>().Single().AtNs);
    }

    [Fact]
    public async Task Race_SubmitterDiesInTheMiddleOfALine_IsAnErrorAndWhatItMayHaveSentIsUnanswered()
    {
        using var peer = new RawSubmitter(SocketPath, "s1");
        await peer.ReadLineAsync();
        var submitters = new SubmitterProcesses(_server, _clock, ["s1"]);

        var racing = submitters.SubmitAtOnceAsync(_tenant, Singles(3), null, Cancel);
        var orders = new List<long>();
        while (await peer.ReadLineAsync() is var line && !line.Contains("\"arm\"", StringComparison.Ordinal))
        {
            orders.Add(System.Text.Json.JsonElement.Parse(line).GetProperty("order").GetInt64());
        }

        await peer.SendAsync("""{"type":"armed","race":1,"orders":3}""" + "\n");
        Assert.Contains("\"go\"", await peer.ReadLineAsync(), StringComparison.Ordinal);
        var at = Stopwatch.GetTimestamp();

        // The last order is answered first, the first in half a line, the second not at all.
        await peer.SendAsync(Answer(orders[2], at) + "\n" + Answer(orders[0], at)[..40]);
        peer.Dispose();

        var error = await Assert.ThrowsAsync<TargetException>(() => racing.WaitAsync(s_bound, Cancel));
        Assert.Contains("s1 ended in the middle of the run", error.Message, StringComparison.Ordinal);
        Assert.Equal(["j0", "j1", "j2"], Asked.Select(static o => o.Label).Order(StringComparer.Ordinal));
        var answered = Assert.Single(_events.OfType<OperationEnded>());
        Assert.Equal(("j2", "job-x", _clock.ToNs(at)), (Asked.Single(o => o.Operation == answered.Operation).Label, answered.Job, answered.AtNs));
        Assert.All(Asked.Where(static o => o.Label != "j2"), o => Assert.InRange(o.AtNs, 1, _clock.ToNs(at)));
    }

    [Fact]
    public async Task Race_SubmitterDiesBeforeTheStart_IsAnErrorAndNothingWasSent()
    {
        using var peer = new RawSubmitter(SocketPath, "s1");
        await peer.ReadLineAsync();
        var submitters = new SubmitterProcesses(_server, _clock, ["s1"]);

        var racing = submitters.SubmitAtOnceAsync(_tenant, Singles(3), null, Cancel);
        await peer.ReadLineAsync();
        peer.Dispose();

        await Assert.ThrowsAsync<TargetException>(() => racing.WaitAsync(s_bound, Cancel));
        Assert.Empty(Asked);
        await Assert.ThrowsAsync<TargetException>(() => submitters.SubmitAtOnceAsync(_tenant, Singles(3), null, Cancel).WaitAsync(s_bound, Cancel));
        Assert.Empty(Asked);
    }

    [Fact]
    public async Task Race_SubmitterThatLacksOrders_IsAnErrorAndNothingWasSent()
    {
        using var peer = new RawSubmitter(SocketPath, "s1");
        await peer.ReadLineAsync();
        var submitters = new SubmitterProcesses(_server, _clock, ["s1"]);

        var racing = submitters.SubmitAtOnceAsync(_tenant, Singles(3), null, Cancel);
        await peer.SendAsync("""{"type":"armed","race":1,"orders":2}""" + "\n");

        var error = await Assert.ThrowsAsync<TargetException>(() => racing.WaitAsync(s_bound, Cancel));
        Assert.Contains("s1 has 2 of its 3 orders", error.Message, StringComparison.Ordinal);
        Assert.Empty(Asked);
    }

    [Fact]
    public async Task Race_GivenUp_WhatMayHaveBeenSentIsUnanswered()
    {
        using var peer = new RawSubmitter(SocketPath, "s1");
        await peer.ReadLineAsync();
        var submitters = new SubmitterProcesses(_server, _clock, ["s1"]);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var racing = submitters.SubmitAtOnceAsync(_tenant, Singles(1), null, giveUp.Token);
        await peer.SendAsync("""{"type":"armed","race":1,"orders":1}""" + "\n");
        while (!(await peer.ReadLineAsync()).Contains("\"go\"", StringComparison.Ordinal))
        {
        }

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => racing.WaitAsync(s_bound, Cancel));
        Assert.Equal("j0", Assert.Single(Asked).Label);
        Assert.Empty(_events.OfType<OperationEnded>());
    }

    [Fact]
    public async Task Race_StrangerReportsAnswers_IsHungUpOn()
    {
        using var worker = new RawSubmitter(SocketPath, "w1");
        await worker.ReadLineAsync();

        await worker.SendAsync(Answer(1, 1) + "\n");

        Assert.Equal("", await worker.ReadLineAsync());
        Assert.Empty(Asked);
        Assert.Throws<WitnessException>(() => new SubmitterProcesses(_server, _clock, ["nobody"]));
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        foreach (var submitter in _submitters)
        {
            await submitter.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        await _server.DisposeAsync();
        await _tenant.DisposeAsync();
        _ending.Dispose();
        _directory.Dispose();
    }

    private static string Answer(long order, long at) =>
        $$"""{"type":"answer","order":{{order}},"sentAt":{{at}},"answeredAt":{{at}},"status":202,"bytes":"","replies":[{"kind":"Ok","job":"job-x"}]}""";

    private static ProbeJob Job(string label) => new() { Label = label, DurationMs = 10 };

    private static IReadOnlyList<IReadOnlyList<ProbeJob>> Singles(int count) => [.. Enumerable.Range(0, count).Select(static i => (ProbeJob[])[Job("j" + i)])];

    private async Task<SubmitterProcesses> StartAsync(int count, SharedSlots slots)
    {
        var names = Enumerable.Range(_submitters.Count + 1, count).Select(static i => "s" + i).ToList();
        foreach (var name in names)
        {
            var connection = await WitnessClient.ConnectAsync(SocketPath, name, Cancel);
            _connections.Add(connection);
            _submitters.Add(Submitter.RunAsync(
                connection, new Dictionary<string, ITenantClient>(StringComparer.Ordinal) { ["a"] = new CountingClient("a", slots) }, _ending.Token));
        }

        return new SubmitterProcesses(_server, _clock, names);
    }

    /// <summary>A submitter process by hand, byte for byte.</summary>
    private sealed class RawSubmitter : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        private readonly StreamReader _lines;

        public RawSubmitter(string socketPath, string name)
        {
            _socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            _lines = new StreamReader(new NetworkStream(_socket));
            _socket.Send(Encoding.UTF8.GetBytes(
                $$"""{"type":"hello","version":{{WitnessProtocol.Version}},"process":"{{name}}","processId":1,"frequency":{{Stopwatch.Frequency}},"host":"{{WitnessProtocol.HostBoot}}"}""" + "\n"));
        }

        /// <summary>The next line; empty at the end.</summary>
        public async Task<string> ReadLineAsync() => await _lines.ReadLineAsync(Cancel).AsTask().WaitAsync(s_bound, Cancel) ?? "";

        public async Task SendAsync(string text) => await _socket.SendAsync(Encoding.UTF8.GetBytes(text), Cancel);

        public void Dispose() => _socket.Dispose();
    }
}
