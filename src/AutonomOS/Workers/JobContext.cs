using System.Globalization;
using System.Text.Json;
using AutonomOS.Jobs;
using AutonomOS.Tenants;

namespace AutonomOS.Workers;

/// <summary>One attempt of a job, as its handler sees it. Thread-safe.</summary>
public sealed class JobContext
{
    private readonly RunningAttempt _attempt;
    private readonly ProgressReporter _progress;

    internal JobContext(RunningAttempt attempt, ProgressReporter progress)
    {
        _attempt = attempt;
        _progress = progress;
    }

    /// <summary>The tenant whose job this is.</summary>
    public TenantId Tenant => _attempt.Job.Tenant;

    /// <summary>The job.</summary>
    public JobId Id => _attempt.Job.Id;

    /// <summary>The type by which this handler was found.</summary>
    public string Type => _attempt.Job.Type;

    /// <summary>The pool it was claimed from.</summary>
    public string Pool => _attempt.Job.Pool;

    /// <summary>The payload as it was handed in.</summary>
    public ReadOnlyMemory<byte> Payload => _attempt.Job.Payload;

    /// <summary>Which attempt this is, from 1; counts every claim, so lost leases and hand-backs too.</summary>
    public int Attempt => _attempt.Job.Fence.Attempt;

    /// <summary>Handler failures before this attempt.</summary>
    public int Failures => _attempt.Job.Failures;

    /// <summary>Handler failures after which the job is failed.</summary>
    public int MaxAttempts => _attempt.Job.MaxAttempts;

    /// <summary>How long this attempt may run before the reconciler fails the job and the handler is told that its lease is lost.</summary>
    public TimeSpan Timeout => TimeSpan.FromMilliseconds(_attempt.Job.TimeoutMs);

    /// <summary>
    /// The fence as text, <c>EPOCH-ATTEMPT-TOKEN</c>: unlike any other attempt's. Hand it to what the handler writes to,
    /// where that can refuse an older one.
    /// </summary>
    public string Fence => string.Create(CultureInfo.InvariantCulture, $"{_attempt.Job.Fence.Epoch}-{_attempt.Job.Fence.Attempt}-{_attempt.Job.Fence.Token}");

    /// <summary>Cancelled when the attempt must stop: the same token that the handler is called with.</summary>
    public CancellationToken Cancellation => _attempt.Token;

    /// <summary>Why the token was cancelled; <see cref="Workers.StopReason.None"/> while it is not.</summary>
    public StopReason StopReason => _attempt.Reason;

    /// <summary>The payload read as JSON.</summary>
    /// <exception cref="JobFailedForGoodException">It is not JSON of this shape; unless caught, the job is failed with that message, and not tried again.</exception>
    public T? ReadJson<T>(JsonSerializerOptions? options = null)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Payload.Span, options ?? JsonSerializerOptions.Web);
        }
        catch (JsonException e)
        {
            throw new JobFailedForGoodException($"The payload is not JSON of the expected shape (at {e.Path ?? "$"}).", e);
        }
    }

    /// <summary>
    /// Reports progress. Returns at once: values are sent one at a time, at most one per
    /// <see cref="WorkerOptions.ProgressEveryMs"/>, the latest wins, and the last one is sent before the outcome. A lower
    /// percentage than the last is ignored. Progress is a courtesy: a value that the store did not take is not repeated.
    /// </summary>
    /// <param name="percent">0 to 100.</param>
    /// <param name="message">Optional; cut to 256 characters.</param>
    /// <exception cref="ArgumentOutOfRangeException">The percentage is not within 0 to 100.</exception>
    public ValueTask ReportProgressAsync(int percent, string? message = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        _progress.Report(percent, message);
        return ValueTask.CompletedTask;
    }
}
