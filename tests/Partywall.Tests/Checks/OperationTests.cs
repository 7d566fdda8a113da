using Partywall.Checks;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks;

public sealed class OperationTests
{
    /// <summary>What another process sent first arrives later than what the harness sent itself.</summary>
    [Fact]
    public void Of_LinesInTheOrderOfArrival_AreInTheOrderOfSending()
    {
        var header = new HistoryBuilder().Build().Header;
        var history = new HistoryData(
        [
            header,
            new OperationInvoked(30, 1, OperationKind.Submit, OperationPurpose.Work, "a", Label: "x"),
            new OperationInvoked(20, 2, OperationKind.Submit, OperationPurpose.Work, "a", Label: "x", Process: "submitter-1"),
            new OperationEnded(35, 2, ReplyKind.Ok, Job: "job"),
            new OperationEnded(33, 1, ReplyKind.Ok, Job: "job"),
            new OperationInvoked(20, 3, OperationKind.Submit, OperationPurpose.Work, "a", Label: "y", Process: "submitter-2"),
        ]);

        var operations = Operation.Of(history);

        Assert.Equal([2, 3, 1], operations.Select(static o => o.Asked.Operation));
        Assert.Equal([(3, 4), (6, 0), (2, 5)], operations.Select(static o => (o.AskedLine, o.AnswerLine)));
    }
}
