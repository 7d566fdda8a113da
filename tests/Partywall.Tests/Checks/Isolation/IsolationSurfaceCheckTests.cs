using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks.Isolation;

public sealed class IsolationSurfaceCheckTests
{
    private const string Check = "isolation.surface";
    private long _operation = 1_000;

    [Fact]
    public void Evaluate_NothingListed_Inconclusive() => Judged.Doubts(Check, new HistoryBuilder().Tenant("a"), "were not listed");

    [Fact]
    public void Evaluate_EverythingTried_Passes()
    {
        var history = Listed(EndpointReach.Job);
        foreach (var (caller, owner) in new[] { ("a", "b"), ("b", "a") })
        {
            Call(history, caller, owner, "pending");
            Call(history, caller, owner, "failed");
        }

        Assert.Equal(4, Judged.Figure(Judged.Passes(Check, history), "combinations wanted"));
    }

    [Fact]
    public void Evaluate_OneSituationNotTried_Inconclusive()
    {
        var history = Listed(EndpointReach.Job);
        Call(history, "a", "b", "pending");
        Call(history, "a", "b", "failed");
        Call(history, "b", "a", "pending");

        Judged.Doubts(Check, history, "GET it was not tried in 1 of 4 combinations, such as b reaching for a failed job of a");
    }

    [Theory]
    [InlineData(EndpointReach.Own)]
    [InlineData(EndpointReach.Open)]
    [InlineData(EndpointReach.Operator)]
    public void Evaluate_OtherReachTriedByAll_Passes(EndpointReach reach)
    {
        var history = Listed(reach);
        Call(history, "a", "b", null);
        Call(history, "b", "a", null);

        Judged.Passes(Check, history);
    }

    [Fact]
    public void Evaluate_CallNotAnswered_DoesNotCount()
    {
        var history = Listed(EndpointReach.Own);
        Call(history, "a", "b", null);
        Call(history, "b", "a", null, ReplyKind.Unknown);

        Judged.Doubts(Check, history, "not tried in 1 of 2");
    }

    [Fact]
    public void Evaluate_EndpointThatNobodyKnows_Fails() =>
        Judged.Fails(Check, Listed(EndpointReach.Unknown), "has an endpoint that the probes do not know: GET it");

    private static HistoryBuilder Listed(EndpointReach reach) => new HistoryBuilder().Tenant("a").Tenant("b")
        .Add(new SurfaceListed(1, [new SurfaceEndpoint("GET it", reach)], ["a", "b"], ["pending", "failed"]));

    private void Call(HistoryBuilder history, string caller, string owner, string? situation, ReplyKind result = ReplyKind.NotFound)
    {
        var operation = ++_operation;
        history
            .Add(new OperationInvoked(HistoryBuilder.Ns(10), operation, OperationKind.Call, OperationPurpose.Stranger, caller, Owner: owner, Endpoint: "GET it", Situation: situation))
            .Add(new OperationEnded(HistoryBuilder.Ns(11), operation, result));
    }
}
