using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using AutonomOS.Jobs;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Workers;
using Partywall.Targets;

namespace Partywall.AutonomOS;

/// <summary>Settles attempts again straight at the store, as the worker that had the lease would.</summary>
internal sealed class SettleReplay(IWorkStore store) : ISettleReplay
{
    /// <inheritdoc/>
    public async Task<Reply<SettleReplayed>> SettleAgainAsync(string tenantId, string jobId, string fence, CancellationToken cancellationToken)
    {
        if (!TenantId.TryParse(tenantId, out var tenant) || !JobId.TryParse(jobId, out var job) || !TryParse(fence, out var shown))
        {
            return Reply.Refused<SettleReplayed>(
                new Refusal(RefusalCode.InvalidRequest, $"No tenant, job and fence: “{tenantId}”, “{jobId}”, “{fence}”."), ReplyEvidence.None);
        }

        // Another result than the first time, so that a settle that is wrongly done again leaves a trace.
        var settlement = new Settlement(
            new LeaseKey(tenant, job, shown.Value), AttemptEnd.Completed, Encoding.UTF8.GetBytes("settled twice"));
        try
        {
            var answers = await store.SettleAsync([settlement], cancellationToken);
            return answers[0] == TransitionResult.Done
                ? Reply.Ok(new SettleReplayed("done, now or before with this fence"), ReplyEvidence.None)
                : Reply.Refused<SettleReplayed>(new Refusal(RefusalCode.StaleFence, "The fence is not the job's."), ReplyEvidence.None);
        }
        catch (StoreUnavailableException e)
        {
            return Reply.Unavailable<SettleReplayed>(e.Message, ReplyEvidence.None);
        }
        catch (OutcomeUnknownException e)
        {
            return Reply.Unknown<SettleReplayed>(e.Message, ReplyEvidence.None);
        }
    }

    /// <summary>Reads a fence as a handler is shown it: <c>EPOCH-ATTEMPT-TOKEN</c>.</summary>
    internal static bool TryParse(string text, [NotNullWhen(true)] out Fence? fence)
    {
        var parts = text.Split('-');
        fence = parts.Length == 3
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            && parts[2].Length > 0
                ? new Fence(epoch, attempt, parts[2])
                : null;
        return fence is not null;
    }
}
