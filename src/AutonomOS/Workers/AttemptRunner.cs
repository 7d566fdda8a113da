using AutonomOS.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Workers;

/// <summary>Runs one attempt from its handler's start to the acknowledgement of its outcome.</summary>
internal sealed class AttemptRunner(
    IWorkStore store,
    IServiceScopeFactory scopes,
    RunningAttempts running,
    SettlementWriter writer,
    RetryBackoff backoff,
    WorkerOptions options,
    WorkerMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>Starts an attempt that is registered in <see cref="RunningAttempts"/>; it leaves there when all is done.</summary>
    public void Start(RunningAttempt attempt) => _ = Task.Run(() => RunAsync(attempt));

    private async Task RunAsync(RunningAttempt attempt)
    {
        metrics.Running(1);
        try
        {
            var end = await HandleAsync(attempt);
            await WriteAsync(attempt, end);
        }
        catch (Exception e)
        {
            logger.LogError(e, "The outcome of job {Job} of tenant {Tenant} is lost; its lease lapses and it runs again.", attempt.Job.Id, attempt.Job.Tenant);
        }
        finally
        {
            metrics.Running(-1);
            running.Remove(attempt);
            attempt.Dispose();
        }
    }

    private async Task<HandlerEnd> HandleAsync(RunningAttempt attempt)
    {
        // Claimed, but the answer came too late to be relied on: the handler must not begin.
        if (time.GetElapsedTime(attempt.SentAt) >= SelfFenceThread.Trusted(options))
        {
            attempt.Stop(StopReason.SelfFenced);
        }

        if (attempt.Reason != StopReason.None)
        {
            return new HandlerEnd(null, new OperationCanceledException());
        }

        using var progress = new ProgressReporter(store, attempt, TimeSpan.FromMilliseconds(options.ProgressEveryMs), time, logger);
        HandlerEnd end;
        try
        {
            end = new HandlerEnd(await CallAsync(options.Handlers[attempt.Job.Type], new JobContext(attempt, progress), attempt.Token), null);
        }
        catch (Exception e)
        {
            end = new HandlerEnd(null, e);
        }

        await progress.FlushAsync();
        return end;
    }

    private async Task<JobResult?> CallAsync(JobHandling handling, JobContext context, CancellationToken cancellation)
    {
        if (handling.Function is { } function)
        {
            return await function(context, cancellation);
        }

        await using var scope = scopes.CreateAsyncScope();
        var handler = (IJobHandler)scope.ServiceProvider.GetRequiredService(handling.Handler!);
        return await handler.HandleAsync(context, cancellation);
    }

    private async Task WriteAsync(RunningAttempt attempt, HandlerEnd end)
    {
        var reason = attempt.BeginSettling();
        if (reason == StopReason.LeaseLost)
        {
            metrics.Lost();
            return;
        }

        if (Outcome(attempt.Job, end, reason) is not { } settlement)
        {
            Count(await writer.HandBackAsync(attempt.Key), metrics.HandedBack);
            return;
        }

        if (end.Error is not null && settlement.End is AttemptEnd.Failed or AttemptEnd.FailedForGood)
        {
            logger.LogInformation(end.Error, "Attempt {Attempt} of job {Job} of tenant {Tenant} failed.", attempt.Job.Fence.Attempt, attempt.Job.Id, attempt.Job.Tenant);
        }

        Count(await writer.SettleAsync(settlement), settlement.End switch
        {
            AttemptEnd.Completed => metrics.Completed,
            AttemptEnd.Cancelled => metrics.Cancelled,
            _ => metrics.Failed,
        });

        void Count(WriteResult result, Action done)
        {
            if (result == WriteResult.Done)
            {
                done();
            }
            else if (result == WriteResult.Stale)
            {
                metrics.Lost();
            }
        }
    }

    /// <summary>
    /// What to write; null to hand the attempt back. A handler that returned has completed, even if it was told to stop:
    /// the fence decides whether that still counts. One that threw after it was told to stop has stopped, whatever it threw.
    /// </summary>
    private Settlement? Outcome(LeasedJob job, HandlerEnd end, StopReason reason)
    {
        var lease = LeaseKey.Of(job);
        switch (end.Error)
        {
            case null when end.Result is { } result && result.Bytes.Length > job.ResultBytesMax:
                return new Settlement(lease, AttemptEnd.FailedForGood, Error: ErrorText.Cut(
                    $"The result has {result.Bytes.Length} bytes; the tenant's limit is {job.ResultBytesMax}. Return less, or keep large results elsewhere and return where.", job.ErrorBytesMax));
            case null:
                return new Settlement(lease, AttemptEnd.Completed, end.Result?.Bytes ?? default);
            case JobFailedForGoodException:
                return new Settlement(lease, AttemptEnd.FailedForGood, Error: ErrorText.Of(end.Error, job.ErrorBytesMax));
            case not null when reason == StopReason.TenantCancelled:
                return new Settlement(lease, AttemptEnd.Cancelled);
            case not null when reason != StopReason.None:
                return null;
            default:
                return new Settlement(lease, AttemptEnd.Failed, Error: ErrorText.Of(end.Error, job.ErrorBytesMax), RetryDelayMs: backoff.DelayMs(job.Failures));
        }
    }

    private readonly record struct HandlerEnd(JobResult? Result, Exception? Error);
}
