using System.Globalization;
using AutonomOS.Jobs;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>Turns the fields of a job, in the order in which <c>get.lua</c> and <c>list.lua</c> read them, into a snapshot.</summary>
internal static class JobFields
{
    /// <summary>How far apart two priorities are in a queue's score; see <c>submit.lua</c>.</summary>
    private const long PriorityBand = 1L << 48;

    private const int PriorityMax = 9;

    internal static JobSnapshot Read(JobId id, RedisResult[] f)
    {
        var state = State((string)f[2]!);
        var result = (byte[])f[6]!;
        return new JobSnapshot
        {
            Id = id,
            Type = (string)f[0]!,
            Pool = (string)f[1]!,
            State = state,
            Epoch = Number(f[3]),
            Priority = (int)Number(f[4]),
            Payload = (byte[])f[5]!,
            Result = state == JobState.Completed && result.Length > 0 ? result : default(ReadOnlyMemory<byte>?),
            Error = Text(f[7]),
            ProgressPercent = (int)Number(f[8]),
            ProgressMessage = Text(f[9]),
            Sequence = Number(f[10]),
            Attempt = (int)Number(f[11]),
            Failures = (int)Number(f[12]),
            LeasesLost = (int)Number(f[13]),
            MaxAttempts = (int)Number(f[14]),
            SubmittedAt = DateTimeOffset.FromUnixTimeMilliseconds(Number(f[15])),
            DueAt = state == JobState.Pending ? Instant(Number(f[16])) : null,
            StartedAt = Instant(Number(f[17]) / 1000),
            FinishedAt = state is JobState.Pending or JobState.Running ? null : Instant(Number(f[18])),
            CancelRequested = (string?)f[19] == "1",
            Order = Number(f[21]) - ((PriorityMax - Number(f[4])) * PriorityBand),
        };
    }

    internal static string Name(JobState state) => state switch
    {
        JobState.Pending => "pending",
        JobState.Running => "running",
        JobState.Completed => "completed",
        JobState.Failed => "failed",
        _ => "cancelled",
    };

    internal static JobState State(string name) => name switch
    {
        "pending" => JobState.Pending,
        "running" => JobState.Running,
        "completed" => JobState.Completed,
        "failed" => JobState.Failed,
        "cancelled" => JobState.Cancelled,
        _ => throw new InvalidOperationException($"The store holds a job in state '{name}', which this version does not know."),
    };

    internal static WaitReason? Waiting(string name) => name switch
    {
        "suspended" => WaitReason.Suspended,
        "delayed" => WaitReason.Delayed,
        "retrying" => WaitReason.Retrying,
        "own_limit" => WaitReason.OwnLimit,
        "own_backlog" => WaitReason.OwnBacklog,
        "pool_busy" => WaitReason.PoolBusy,
        _ => null,
    };

    private static long Number(RedisResult field) =>
        long.TryParse((string?)field, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string? Text(RedisResult field) => (string?)field is { Length: > 0 } text ? text : null;

    private static DateTimeOffset? Instant(long ms) => ms > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null;
}
