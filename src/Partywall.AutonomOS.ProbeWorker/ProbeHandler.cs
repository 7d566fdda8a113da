using AutonomOS.Workers;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.AutonomOS.ProbeWorker;

/// <summary>Runs probe jobs: hands the attempt to the body that all targets share, and its outcome back.</summary>
internal sealed class ProbeHandler(WitnessClient witness, ProbeWorkerSettings settings) : IJobHandler
{
    /// <inheritdoc/>
    public async Task<JobResult?> HandleAsync(JobContext job, CancellationToken cancellation)
    {
        if (!ProbePayload.TryParse(job.Payload.Span, out var payload, out var error))
        {
            throw new JobFailedForGoodException(error);
        }

        var attempt = new ProbeAttempt(job.Tenant.Value, job.Id.Value, job.Attempt, job.Fence);
        var body = RunAsync();
        if (settings.Plant == Plant.RunTwice)
        {
            await Task.WhenAll(body, RunAsync());
        }

        var outcome = await body;
        return outcome.Succeeded ? JobResult.Json(outcome.Text) : throw new ProbeFailedException(outcome.Text);

        Task<ProbeOutcome> RunAsync() => ProbeBody.RunAsync(
            witness, attempt, payload, (percent, text, _) => job.ReportProgressAsync(percent, text), cancellation);
    }
}

/// <summary>A body failed as its payload said; the message is what its tenant is to read.</summary>
/// <param name="message">The error text.</param>
internal sealed class ProbeFailedException(string message) : Exception(message);
