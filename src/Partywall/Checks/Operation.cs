using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks;

/// <summary>An operation as the history shows it: what was asked, and the answer if there was one.</summary>
/// <param name="Asked">What was asked.</param>
/// <param name="AskedLine">Its line.</param>
internal sealed record Operation(OperationInvoked Asked, int AskedLine)
{
    /// <summary>The answer; null when the history ends before it, or it never came.</summary>
    public OperationEnded? Answer { get; private set; }

    /// <summary>The answer's line; 0 for none.</summary>
    public int AnswerLine { get; private set; }

    /// <summary>What became of it; unknown when there is no answer.</summary>
    public ReplyKind Result => Answer?.Result ?? ReplyKind.Unknown;

    /// <summary>Both lines.</summary>
    public IEnumerable<int> Lines => [AskedLine, AnswerLine];

    /// <summary>All operations of a history in the order in which they were sent. One pass.</summary>
    public static IReadOnlyList<Operation> Of(HistoryData history)
    {
        var all = new List<Operation>();
        var byNumber = new Dictionary<long, Operation>();
        for (var i = 0; i < history.Events.Count; i++)
        {
            switch (history.Events[i])
            {
                case OperationInvoked asked:
                    var operation = new Operation(asked, i + 1);
                    all.Add(operation);
                    byNumber[asked.Operation] = operation;
                    break;
                case OperationEnded answer when byNumber.TryGetValue(answer.Operation, out var asker) && asker.Answer is null:
                    asker.Answer = answer;
                    asker.AnswerLine = i + 1;
                    break;
            }
        }

        // Lines stand in the order of arrival; what other processes sent arrives later than what the harness sent itself.
        return [.. all.OrderBy(static o => o.Asked.AtNs)];
    }
}
