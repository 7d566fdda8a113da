using System.Text.Json;
using AutonomOS.Workers;

namespace AutonomOS.Host.Serving;

/// <summary>Three jobs to try the platform with: <c>echo</c>, <c>sleep</c> and <c>fail</c>.</summary>
internal static class DemoJobs
{
    /// <summary>The longest sleep, in milliseconds.</summary>
    public const int SleepMsMax = 600_000;

    private const int Steps = 20;

    public static void Add(WorkerOptions worker)
    {
        worker.Handle("echo", EchoAsync);
        worker.Handle("sleep", SleepAsync);
        worker.Handle("fail", FailAsync);
    }

    /// <summary>Returns its payload.</summary>
    private static Task<JobResult?> EchoAsync(JobContext job, CancellationToken cancellation) =>
        Task.FromResult<JobResult?>(JobResult.FromBytes(job.Payload));

    /// <summary>Takes <c>{"ms": N}</c>, reports progress in twenty steps, returns how long it slept.</summary>
    private static async Task<JobResult?> SleepAsync(JobContext job, CancellationToken cancellation)
    {
        var ms = Number(job, "ms") ?? throw new JobFailedForGoodException($"The payload of sleep is {{\"ms\": N}}, N from 0 to {SleepMsMax}.");
        for (var step = 1; step <= Steps; step++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds((double)ms / Steps), cancellation);
            await job.ReportProgressAsync(step * 100 / Steps);
        }

        return JobResult.FromText($"{{\"slept_ms\":{ms}}}");
    }

    /// <summary>Fails, and is tried again while attempts are left; with <c>{"ms": N}</c> after N milliseconds.</summary>
    private static async Task<JobResult?> FailAsync(JobContext job, CancellationToken cancellation)
    {
        await Task.Delay(Number(job, "ms") ?? 0, cancellation);
        throw new InvalidOperationException($"This job fails by design (attempt {job.Attempt}).");
    }

    private static int? Number(JobContext job, string name)
    {
        try
        {
            using var payload = JsonDocument.Parse(job.Payload);
            return payload.RootElement.ValueKind is JsonValueKind.Object
                && payload.RootElement.TryGetProperty(name, out var value)
                && value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out var number) && number is >= 0 and <= SleepMsMax
                ? number
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
