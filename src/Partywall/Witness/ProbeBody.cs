using System.Diagnostics;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Witness;

/// <summary>An attempt, as its worker was told about it.</summary>
/// <param name="Tenant">The tenant it runs for.</param>
/// <param name="JobId">The job.</param>
/// <param name="Number">The attempt's number, from 1.</param>
/// <param name="Fence">The attempt's fence as a text; empty when the system has none.</param>
public sealed record ProbeAttempt(string Tenant, string JobId, int Number, string Fence);

/// <summary>What a body has to say to its system: return the result, or fail with the error.</summary>
/// <param name="Succeeded">Whether the attempt is to be settled as completed.</param>
/// <param name="Text">The result or the error text; carries the tenant's canary.</param>
public sealed record ProbeOutcome(bool Succeeded, string Text);

/// <summary>Tells the system about progress.</summary>
/// <param name="percent">0 to 100.</param>
/// <param name="text">A remark that carries the tenant's canary.</param>
/// <param name="cancellationToken">Gives up.</param>
public delegate ValueTask ReportProgress(int percent, string text, CancellationToken cancellationToken);

/// <summary>
/// The body of every probe job, the same for all targets: a worker program hands its attempt in, and settles it
/// as the outcome says.
/// </summary>
public static class ProbeBody
{
    /// <summary>
    /// Runs a body: reports the start, waits for the acknowledgement, holds the slot for the stated time with its
    /// progress reports, reports the stop, returns.
    /// </summary>
    /// <param name="witness">The process's connection to the witness.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="payload">The job's instructions.</param>
    /// <param name="progress">Tells the system about progress; null when it has no such thing.</param>
    /// <param name="cancellationToken">The worker's word that this attempt must stop. It is obeyed at once, and a start is reported even so.</param>
    /// <returns>What to settle the attempt with.</returns>
    /// <exception cref="OperationCanceledException">The worker cancelled it; the stop was reported as cancelled.</exception>
    /// <exception cref="WitnessException">The witness went away: the body ended without being seen to.</exception>
    public static async Task<ProbeOutcome> RunAsync(
        WitnessClient witness, ProbeAttempt attempt, ProbePayload payload, ReportProgress? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(witness);
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(payload);
        var entered = Stopwatch.GetTimestamp();
        var body = await witness.StartAsync(attempt, payload.Label, entered);
        var outcome = BodyOutcome.Failed;
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, witness.Lost);
        try
        {
            await HoldAsync(witness, body, payload, progress, stopping.Token);
            outcome = attempt.Number <= payload.FailFirstAttempts ? BodyOutcome.Failed : BodyOutcome.Completed;
        }
        catch (OperationCanceledException e) when (witness.Lost.IsCancellationRequested)
        {
            throw new WitnessException("The witness is gone, so nobody would see this body.", e);
        }
        catch (OperationCanceledException)
        {
            outcome = BodyOutcome.Cancelled;
            throw;
        }
        finally
        {
            if (!witness.Lost.IsCancellationRequested)
            {
                await witness.StopAsync(body, outcome);
            }
        }

        return outcome == BodyOutcome.Completed
            ? new ProbeOutcome(true, $"{payload.Label} done {payload.Canary}".TrimEnd())
            : new ProbeOutcome(false, $"{payload.Label} failed as told in attempt {attempt.Number} {payload.Canary}".TrimEnd());
    }

    private static async Task HoldAsync(
        WitnessClient witness, long body, ProbePayload payload, ReportProgress? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var begun = Stopwatch.GetTimestamp();
        for (var step = 1; step <= payload.ProgressSteps; step++)
        {
            await UntilAsync((double)payload.DurationMs * step / (payload.ProgressSteps + 1));
            var percent = 100 * step / (payload.ProgressSteps + 1);
            await witness.ProgressAsync(body, percent);
            if (progress is not null)
            {
                await progress(percent, $"{payload.Label} {percent} % {payload.Canary}".TrimEnd(), cancellationToken);
            }
        }

        await UntilAsync(payload.DurationMs);

        // Steps are laid out from the begin, so that a slow progress report does not lengthen the body.
        async Task UntilAsync(double elapsedMs)
        {
            var left = TimeSpan.FromMilliseconds(elapsedMs) - Stopwatch.GetElapsedTime(begun);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, cancellationToken);
            }
        }
    }
}
