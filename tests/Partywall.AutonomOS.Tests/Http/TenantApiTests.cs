using System.Globalization;
using System.Text;
using Partywall.AutonomOS.Http;
using Partywall.AutonomOS.Tests.Store;
using Partywall.Targets;

namespace Partywall.AutonomOS.Tests.Http;

/// <summary>What an answer, or none, means for a caller: above all that "not done" is said only when it is certain.</summary>
public sealed class TenantApiTests
{
    private static readonly ProbeJob Job = new() { Label = "j1", DurationMs = 5, Canary = "canary" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Submit_Accepted_IsOkWithEverythingReceivedButTheDate()
    {
        await using var server = RawServer.Answering(202, """{"id":"abc","status":"pending"}""", more: "Location: /v1/jobs/abc\r\n");
        await using var client = Client(server.Root);

        var reply = await client.SubmitAsync(Job with { IdempotencyKey = "k", DelayMs = 7, Priority = 2 }, Cancellation);

        Assert.Equal(new Submission("abc"), reply.Value);
        Assert.Equal(202, reply.Evidence.Status);
        var wire = Encoding.Latin1.GetString(reply.Evidence.Bytes.Span);
        Assert.Contains("Location: /v1/jobs/abc", wire, StringComparison.Ordinal);
        Assert.EndsWith("""{"id":"abc","status":"pending"}""", wire, StringComparison.Ordinal);
        Assert.DoesNotContain("Date:", wire, StringComparison.OrdinalIgnoreCase);
        var request = Assert.Single(server.Requests);
        Assert.Contains("Authorization: Bearer id.secret", request, StringComparison.Ordinal);
        Assert.Contains("\"idempotency_key\":\"k\"", request, StringComparison.Ordinal);
        Assert.Contains("\"delay_ms\":7", request, StringComparison.Ordinal);
        Assert.Contains("\"priority\":7", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_QuotaExceeded_IsRefusedWithLimitAndCount()
    {
        var reply = await SubmitAsync(429, """{"code":"quota_exceeded","detail":"Full.","limit":5,"count":5}""");

        Assert.Equal(ReplyKind.Refused, reply.Kind);
        Assert.Equal(new Refusal(RefusalCode.QuotaExceeded, "Full.", 5, 5), reply.Refusal);
    }

    [Theory]
    [InlineData(503, """{"code":"store_unavailable","detail":"x"}""", ReplyKind.Unavailable)]
    [InlineData(503, """{"code":"outcome_unknown","detail":"x"}""", ReplyKind.Unknown)]
    [InlineData(503, "", ReplyKind.Unknown)]
    [InlineData(500, """{"detail":"x"}""", ReplyKind.Unknown)]
    [InlineData(502, "<html>", ReplyKind.Unknown)]
    [InlineData(404, """{"code":"not_found"}""", ReplyKind.NotFound)]
    [InlineData(404, "", ReplyKind.NotFound)]
    [InlineData(400, "", ReplyKind.Refused)]
    [InlineData(401, """{"code":"unauthenticated"}""", ReplyKind.Refused)]
    [InlineData(302, "", ReplyKind.Unknown)]
    [InlineData(202, "not json", ReplyKind.Unknown)]
    [InlineData(202, """{"no":"id"}""", ReplyKind.Unknown)]
    [InlineData(202, "[]", ReplyKind.Unknown)]
    [InlineData(202, "", ReplyKind.Unknown)]
    public async Task Submit_AnyAnswer_MeansWhatItSays(int status, string body, ReplyKind kind)
    {
        var reply = await SubmitAsync(status, body);

        Assert.Equal(kind, reply.Kind);
        Assert.Equal(status, reply.Evidence.Status);
    }

    [Fact]
    public async Task Submit_NobodyListens_IsUnavailable()
    {
        await using var client = Client(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{RedisServer.FreePort()}/")));

        var reply = await client.SubmitAsync(Job, Cancellation);

        Assert.Equal(ReplyKind.Unavailable, reply.Kind);
        Assert.Equal(ReplyEvidence.None, reply.Evidence);
    }

    [Fact]
    public async Task Submit_ConnectionBreaksAfterSending_IsUnknownAndNotRepeated()
    {
        await using var server = RawServer.HangingUp();
        await using var client = Client(server.Root);

        var reply = await client.SubmitAsync(Job, Cancellation);

        Assert.Equal(ReplyKind.Unknown, reply.Kind);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Submit_NoAnswerWithinTheBound_IsUnknown()
    {
        await using var server = RawServer.NeverAnswering();
        await using var client = Client(server.Root, boundMs: 300);

        var reply = await client.SubmitAsync(Job, Cancellation);

        Assert.Equal(ReplyKind.Unknown, reply.Kind);
        Assert.Contains("300 ms", reply.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_GivenUpByTheCaller_Throws()
    {
        await using var server = RawServer.NeverAnswering();
        await using var client = Client(server.Root);
        using var giveUp = new CancellationTokenSource(100);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.SubmitAsync(Job, giveUp.Token));
    }

    [Fact]
    public async Task SubmitBatch_MixedResults_AreRepliesInOrder()
    {
        await using var server = RawServer.Answering(200, """
            {"results":[{"status":"accepted","id":"a"},{"status":"rejected","code":"quota_exceeded","detail":"Full.","limit":1,"count":1},{"status":"replayed","id":"b"}]}
            """);
        await using var client = Client(server.Root);

        var replies = await client.SubmitBatchAsync([Job, Job, Job], Cancellation);

        Assert.Equal(new Submission("a"), replies[0].Value);
        Assert.Equal(new Refusal("quota_exceeded", "Full.", 1, 1), replies[1].Refusal);
        Assert.Equal(new Submission("b", true), replies[2].Value);
    }

    [Theory]
    [InlineData(200, """{"results":[{"status":"accepted","id":"a"}]}""", ReplyKind.Unknown)]
    [InlineData(200, """{"results":[{"status":"accepted","id":"a"},{"status":"shrug"}]}""", ReplyKind.Unknown)]
    [InlineData(503, """{"code":"store_unavailable","detail":"x"}""", ReplyKind.Unavailable)]
    [InlineData(413, """{"code":"payload_too_large","detail":"x"}""", ReplyKind.Refused)]
    public async Task SubmitBatch_FailedAsAWhole_EachCarriesTheFailure(int status, string body, ReplyKind kind)
    {
        await using var server = RawServer.Answering(status, body);
        await using var client = Client(server.Root);

        var replies = await client.SubmitBatchAsync([Job, Job], Cancellation);

        Assert.Equal([kind, kind], replies.Select(static r => r.Kind));
    }

    [Fact]
    public async Task Get_Job_IsRead()
    {
        await using var server = RawServer.Answering(200, """
            {"id":"a","status":"failed","attempt":3,"progress":{"percent":40,"message":"m"},"result":null,"error":"why"}
            """);
        await using var client = Client(server.Root);

        var reply = await client.GetAsync("a/../b", Cancellation);

        Assert.Equal(new JobView("a", JobState.Failed, 3, 40, null, "why"), reply.Value);
        Assert.StartsWith("GET /v1/jobs/a%2F..%2Fb HTTP/1.1", Assert.Single(server.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_JobInAStateNobodyKnows_IsUnknown()
    {
        await using var server = RawServer.Answering(200, """{"id":"a","status":"asleep","attempt":1}""");
        await using var client = Client(server.Root);

        Assert.Equal(ReplyKind.Unknown, (await client.GetAsync("a", Cancellation)).Kind);
    }

    [Fact]
    public async Task List_Page_IsRead()
    {
        await using var server = RawServer.Answering(200, """{"jobs":[{"id":"a","status":"running","attempt":1}],"next_cursor":"n/x"}""");
        await using var client = Client(server.Root);

        var reply = await client.ListAsync(JobState.Running, "c+d", Cancellation);

        Assert.Equal(new JobView("a", JobState.Running, 1), Assert.Single(reply.Value!.Jobs));
        Assert.Equal("n/x", reply.Value.NextCursor);
        Assert.Contains("/v1/jobs?status=running&cursor=c%2Bd", Assert.Single(server.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_IsRead()
    {
        await using var server = RawServer.Answering(200, """{"running":2,"queued":3,"delayed":4,"max_concurrent":5,"max_queued":6}""");
        await using var client = Client(server.Root);

        Assert.Equal(new UsageView(2, 7, 5, 6), (await client.UsageAsync(Cancellation)).Value);
    }

    private static TenantApi Client(Uri api, int boundMs = 5_000) => new("t", api, "id.secret", TimeSpan.FromMilliseconds(boundMs), static _ => { });

    private static async Task<Reply<Submission>> SubmitAsync(int status, string body)
    {
        await using var server = RawServer.Answering(status, body);
        await using var client = Client(server.Root);
        return await client.SubmitAsync(Job, Cancellation);
    }
}
