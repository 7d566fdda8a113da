using System.Text.RegularExpressions;

namespace AutonomOS.Jobs;

/// <summary>What a submission must look like, in one place for the HTTP API and for programs that use the store directly.</summary>
public static partial class JobSubmissionRules
{
    /// <summary>The longest delay: 366 days, in milliseconds.</summary>
    public const long DelayMsMax = 366L * 24 * 3600 * 1000;

    /// <summary>The shortest timeout of an attempt, in milliseconds.</summary>
    public const long TimeoutMsMin = 1000;

    /// <summary>The longest timeout of an attempt: 24 h, in milliseconds.</summary>
    public const long TimeoutMsMax = 24L * 3600 * 1000;

    /// <summary>The most jobs in one batch.</summary>
    public const int BatchMax = 1000;

    /// <summary>The first thing wrong with <paramref name="job"/> in words for its sender; null when nothing is. Byte limits are the tenant's and checked by the store.</summary>
    public static string? Violation(JobSubmission job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job switch
        {
            { Type: null } => "type is missing.",
            _ when !TypePattern().IsMatch(job.Type) => "type has 1 to 128 characters of A-Z a-z 0-9 . _ - / :",
            _ when !IsPool(job.Pool) => "pool has 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit.",
            { Priority: < 0 or > 9 } => "priority is a whole number from 0 (last) to 9 (first).",
            { DelayMs: < 0 or > DelayMsMax } => "the delay is from 0 to 366 days.",
            { MaxAttempts: < 1 or > 100 } => "max_attempts is from 1 to 100.",
            { TimeoutMs: < TimeoutMsMin or > TimeoutMsMax } => "the timeout is from 1 second to 24 hours.",
            { IdempotencyKey: { } key } when !KeyPattern().IsMatch(key) => "an idempotency key has 1 to 128 printable ASCII characters.",
            _ => null,
        };
    }

    /// <summary>Whether <paramref name="pool"/> is the name of a pool.</summary>
    public static bool IsPool(string? pool) => pool is not null && PoolPattern().IsMatch(pool);

    /// <summary>Whether <paramref name="type"/> is the name of a job type.</summary>
    public static bool IsType(string? type) => type is not null && TypePattern().IsMatch(type);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PoolPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9._/:-]{1,128}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"\A[\x21-\x7e]{1,128}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex KeyPattern();
}
