using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.History;

public sealed class HistoryFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string FilePath => _directory.File("history.jsonl");

    /// <summary>One of each kind, every field set.</summary>
    public static readonly IReadOnlyList<HistoryEvent> OfEachKind =
    [
        new PhaseBegan(1, RunPhase.Load),
        new Noted(2, "a remark with a \"quote\", a line\nbreak and ünïcode"),
        new TenantOnboarded(3, "a", 5, 7, 2, "canary-a"),
        new LimitChange(4, "a", 6, 0, LimitChangeMark.Uncertain),
        new OperationInvoked(5, 1, OperationKind.Submit, OperationPurpose.Stranger, "a", "job", "b", "j1", "key", 2, 3, 4, 1, 50, "pool", "GET /v1/jobs/{id}", "running", JobState.Running, "submitter-1"),
        new OperationEnded(6, 1, ReplyKind.Refused, "job", JobState.Failed, 2, true, "quota_exceeded", 5, 6, "words", ["x", "y"], 429, 100, "digest", ["b"], 33),
        new BodyStarted(7, 1, "worker-1", "a", "job", "j1", 2, "fence"),
        new BodyProgressed(8, 1, 50),
        new BodyStopped(9, 1, BodyOutcome.Cancelled),
        new ProcessStarted(10, "worker-1", 42),
        new WitnessJoined(11, "worker-1", 42),
        new WitnessLeft(12, "worker-1", true),
        new WitnessStalled(13, 12, "worker-1"),
        new HeldSlotsSampled(14, 13, new Dictionary<string, int> { ["a"] = 3 }),
        new UsageSampled(15, 14, "a", 1, 2, 3, 4),
        new JobObserved(16, "a", "job", ReplyKind.NotFound),
        new Settled(17, 16, false, 3),
        new KeysInspected(18, 17, 9, 2, new Dictionary<string, int> { ["a"] = 6 }, ["stray"], 1),
        new TenantDigested(19, "a", DigestMoment.After, "00ff"),
        new FaultMarked(20, "f1", "process.pause", null, FaultMark.Bit),
        new FairnessStated(21, ["a"], 10, 20, 30, 40),
        new ComparisonStated(22, "a", 99.5, 1.5, 1.25),
        new ArmBegan(23, 1, ComparisonArm.Beside),
        new Reconciled(25, 24, new Dictionary<string, long> { ["unindexed"] = 2 }),
        new SubmittersStarted(26, ["submitter-1", "submitter-2"], ["a"]),
        new SurfaceListed(26, [new SurfaceEndpoint("GET /v1/jobs/{id}", EndpointReach.Job)], ["a", "b"], ["running"]),
        new TenantRefused(27, "a*", "invalid_id", "words"),
    ];

    [Fact]
    public void OfEachKind_ComparedWithTheTypesThereAre_LeavesNoneOut()
    {
        var kinds = typeof(HistoryEvent).Assembly.GetTypes().Where(static t => t.IsSubclassOf(typeof(HistoryEvent)));

        Assert.Equal(
            kinds.Select(static t => t.Name).Order(),
            OfEachKind.Select(static e => e.GetType().Name).Append(nameof(RunHeader)).Append(nameof(RunEnded)).Order());
    }

    [Fact]
    public async Task Read_WhatWasWritten_IsTheSame()
    {
        await WriteAsync(OfEachKind, end: true);

        var history = await HistoryData.LoadAsync(FilePath, Cancel);

        Assert.Equivalent(Header(), history.Header, strict: true);
        Assert.Equal(OfEachKind.Select(Text), history.Events.Skip(1).SkipLast(1).Select(Text));
        Assert.Equal(new RunEnded(99, RunOutcome.Finished, null, OfEachKind.Count + 1), history.End);
        Assert.Null(history.Cut);
        Assert.True(history.IsComplete);
    }

    [Fact]
    public async Task Read_NoEndRecord_ReadsAllAndSaysSo()
    {
        await WriteAsync(OfEachKind, end: false);

        var history = await HistoryData.LoadAsync(FilePath, Cancel);

        Assert.Equal(OfEachKind.Count + 1, history.Events.Count);
        Assert.Contains("no end record", history.Cut, StringComparison.Ordinal);
        Assert.False(history.IsComplete);
    }

    [Fact]
    public async Task Read_CutAtEveryByte_ReadsTheWholeLinesAndSaysSo()
    {
        await WriteAsync(OfEachKind, end: true);
        var bytes = await File.ReadAllBytesAsync(FilePath, Cancel);
        var headerLength = Array.IndexOf(bytes, (byte)'\n') + 1;

        for (var length = headerLength; length < bytes.Length; length++)
        {
            await File.WriteAllBytesAsync(FilePath, bytes[..length], Cancel);
            var history = await HistoryData.LoadAsync(FilePath, Cancel);

            Assert.Equal(bytes[..length].Count(static b => b == '\n'), history.Events.Count);
            Assert.NotNull(history.Cut);
            Assert.Equal(bytes[length - 1] != '\n', history.Cut.Contains("middle", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Read_CutInTheHeader_IsAnError()
    {
        await WriteAsync([], end: false);
        var bytes = await File.ReadAllBytesAsync(FilePath, Cancel);
        await File.WriteAllBytesAsync(FilePath, bytes[..^5], Cancel);

        await ThrowsAsync(1, "no complete header");
    }

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("hello\n", 1, "not a header of the format partywall-history")]
    [InlineData("[1,2]\n", 1, "not a header of the format partywall-history")]
    [InlineData("{\"event\":\"run\",\"format\":\"other\"}\n", 1, "not a header of the format partywall-history")]
    [InlineData("{\"event\":\"run\",\"format\":\"partywall-history\",\"version\":2}\n", 1, "version 2, but this program reads version 1")]
    [InlineData("{\"event\":\"run\",\"format\":\"partywall-history\"}\n", 1, "version none")]
    [InlineData("{\"event\":\"run\",\"format\":\"partywall-history\",\"version\":1}\n", 1, "missing required properties")]
    public async Task Read_NoHistory_IsAnErrorWithLineAndReason(string text, int line, string reason)
    {
        await File.WriteAllTextAsync(FilePath, text, Cancel);

        await ThrowsAsync(line, reason);
    }

    [Theory]
    [InlineData("garbage", "invalid start")]
    [InlineData("null", "null is not an event")]
    [InlineData("{}", "not an event of a known kind")]
    [InlineData("{\"event\":\"unheard-of\",\"atNs\":1}", "unheard-of")]
    [InlineData("{\"event\":\"note\",\"atNs\":1,\"text\":\"x\",\"more\":1}", "more")]
    [InlineData("{\"event\":\"note\",\"atNs\":1}", "text")]
    [InlineData("{\"event\":\"phase\",\"atNs\":1,\"phase\":\"Party\"}", "phase")]
    [InlineData("{\"event\":\"note\",\"atNs\":1,\"text\":\"x\"}{\"event\":\"note\",\"atNs\":1,\"text\":\"x\"}", "line 2")]
    public async Task Read_BadLine_IsAnErrorWithLineAndReason(string line, string reason)
    {
        await WriteAsync([], end: false);
        await File.AppendAllTextAsync(FilePath, line + "\n", Cancel);

        await ThrowsAsync(2, reason);
    }

    [Fact]
    public async Task Read_SecondHeader_IsAnError()
    {
        await WriteAsync([], end: false);
        await File.AppendAllTextAsync(FilePath, await File.ReadAllTextAsync(FilePath, Cancel), Cancel);

        await ThrowsAsync(2, "second header");
    }

    [Fact]
    public async Task Read_ALineTakenOut_IsAnError()
    {
        await WriteAsync(OfEachKind, end: true);
        var lines = await File.ReadAllLinesAsync(FilePath, Cancel);
        await File.WriteAllLinesAsync(FilePath, lines.Where(static (_, i) => i != 4), Cancel);

        await ThrowsAsync(lines.Length - 1, "lines are missing");
    }

    [Fact]
    public async Task Read_SomethingAfterTheEnd_IsAnError()
    {
        await WriteAsync([], end: true);
        await File.AppendAllTextAsync(FilePath, "x", Cancel);

        await ThrowsAsync(3, "follows the end record");
    }

    [Fact]
    public async Task Read_NoFile_IsAnErrorThatNamesIt() =>
        Assert.Contains(FilePath, (await Assert.ThrowsAsync<HistoryException>(() => HistoryData.LoadAsync(FilePath, Cancel))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Append_FromManyThreads_EveryLineIsWhole()
    {
        const int Threads = 8;
        const int Each = 500;
        await using (var writer = new HistoryWriter(FilePath, Header()))
        {
            await Task.WhenAll(Enumerable.Range(0, Threads).Select(t => Task.Run(
                () =>
                {
                    for (var i = 0; i < Each; i++)
                    {
                        writer.Append(new Noted((t * Each) + i, "n"));
                    }
                },
                Cancel)));
            writer.End(1, RunOutcome.Finished, null);
        }

        var history = await HistoryData.LoadAsync(FilePath, Cancel);

        Assert.Equal(Enumerable.Range(0, Threads * Each).Select(static i => (long)i), history.Of<Noted>().Select(static n => n.AtNs).Order());
    }

    [Fact]
    public async Task Append_WithoutEndOrDispose_IsOnFileWithinTheFlushTime()
    {
        var writer = new HistoryWriter(FilePath, Header());
        writer.Append(new Noted(1, "evidence"));
        try
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            bound.CancelAfter(TimeSpan.FromSeconds(20));
            while ((await HistoryData.LoadAsync(FilePath, bound.Token)).Events.Count < 2)
            {
                await Task.Delay(HistoryWriter.FlushMs / 4, bound.Token);
            }
        }
        finally
        {
            await writer.DisposeAsync();
        }
    }

    [Fact]
    public async Task Append_AfterTheEnd_IsDropped()
    {
        await using (var writer = new HistoryWriter(FilePath, Header()))
        {
            writer.End(1, RunOutcome.Broken, "why");
            writer.Append(new Noted(2, "late"));
            writer.End(3, RunOutcome.Finished, null);
        }

        var history = await HistoryData.LoadAsync(FilePath, Cancel);

        Assert.Equal(new RunEnded(1, RunOutcome.Broken, "why", 1), history.End);
        Assert.False(history.IsComplete);
    }

    [Fact]
    public async Task Create_FileIsThere_RefusesAndLeavesIt()
    {
        await File.WriteAllTextAsync(FilePath, "mine", Cancel);

        Assert.Throws<HistoryException>(() => new HistoryWriter(FilePath, Header()));
        Assert.Equal("mine", await File.ReadAllTextAsync(FilePath, Cancel));
    }

    public void Dispose() => _directory.Dispose();

    internal static RunHeader Header() => new(
        0, HistoryFormat.Name, HistoryFormat.Version, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), "stress/quota", "strict", "model", "Quick", 7, 2, 32,
        ["slots.bound"], null, new RunDemands(["a"], 1, 2, 3, 4, 5, 6, 7, 8));

    private async Task WriteAsync(IEnumerable<HistoryEvent> events, bool end)
    {
        await using var writer = new HistoryWriter(FilePath, Header());
        foreach (var historyEvent in events)
        {
            writer.Append(historyEvent);
        }

        if (end)
        {
            writer.End(99, RunOutcome.Finished, null);
        }
    }

    private async Task ThrowsAsync(int line, string reason)
    {
        var error = await Assert.ThrowsAsync<HistoryException>(() => HistoryData.LoadAsync(FilePath, Cancel));
        Assert.Contains($"{FilePath}, line {line}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Records compare lists and dictionaries by reference, so they are compared as text.</summary>
    private static string Text(HistoryEvent historyEvent) =>
        System.Text.Json.JsonSerializer.Serialize<object>(historyEvent) + historyEvent.GetType().Name;
}
