using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Errors;

/*
 * An error is clear when the caller knows what it means for the job: refused with a code, away and not done, or open. It
 * must come in time, fault or not: a call that hangs is one the caller cannot act on. Without a fault nothing may be
 * away or open at all. (Whether a refused submission really was not done is for jobs.refused-never-ran.)
 */

/// <summary>Every call is answered in time with a typed answer; none hangs, and without a fault none is left open.</summary>
public sealed class ErrorsClearCheck : ICheck
{
    /// <summary>The longest an answer may take, in milliseconds, when the machine itself did not stall.</summary>
    public const int AnswerMsMax = 10_000;

    /// <summary>How long after a fault is healed calls may still fail, in milliseconds.</summary>
    public const int RecoveryMs = 10_000;

    /// <inheritdoc/>
    public string Name => "errors.clear";

    /// <inheritdoc/>
    public string Claim => "Every call gets a typed answer in time; without a fault none is left open.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var disturbances = Disturbance.Of(history);
        var finished = history.End is { Outcome: RunOutcome.Finished };
        var answered = 0;
        var excused = 0;
        long longestNs = 0;
        foreach (var operation in Operation.Of(history))
        {
            if (operation.Answer is not { } answer)
            {
                if (finished && history.Cut is null)
                {
                    notes.Find($"{Words(operation)} was never answered.", operation.Lines, operation.Asked.Tenant, operation.Asked.Job);
                }

                continue;
            }

            answered++;
            var tookNs = answer.AtNs - operation.Asked.AtNs;
            longestNs = Math.Max(longestNs, tookNs);
            if (answer.Result == ReplyKind.Refused && string.IsNullOrEmpty(answer.Code))
            {
                notes.Find($"{Words(operation)} was refused without a code.", operation.Lines, operation.Asked.Tenant, operation.Asked.Job);
            }

            // A run that was stopped gives up the calls it had under way; that is no word of the system's.
            var late = tookNs > Nanoseconds.FromMs(AnswerMsMax);
            var open = answer.Result is ReplyKind.Unknown or ReplyKind.Unavailable;
            if (!finished || !(late || open))
            {
                continue;
            }

            var struck = disturbances.Where(d => d.Touches(operation.Asked.AtNs, answer.AtNs, Nanoseconds.FromMs(RecoveryMs))).ToList();
            if (late && !struck.Exists(static d => d.Kind == Disturbance.Stall))
            {
                notes.Find($"{Words(operation)} took {Nanoseconds.ToMs(tookNs):0} ms.", operation.Lines, operation.Asked.Tenant, operation.Asked.Job);
            }
            else if (open && struck.Count == 0)
            {
                notes.Find(
                    $"{Words(operation)} was answered {answer.Result} ({answer.Detail ?? "no detail"}), and there was no fault.",
                    operation.Lines,
                    operation.Asked.Tenant,
                    operation.Asked.Job);
            }
            else
            {
                excused++;
            }
        }

        notes.Figure("answers", answered, "answers");
        notes.Figure("failed in a fault or stall", excused, "answers");
        notes.Figure("longest answer", Nanoseconds.ToMs(longestNs), "ms");
        return notes.Result(answered, "No call was answered.");
    }

    private static string Words(Operation operation) =>
        $"{operation.Asked.Kind} by {operation.Asked.Tenant} (operation {operation.Asked.Operation})";
}
