using System.Buffers;
using System.Text;
using System.Text.Json;
using Partywall.Targets;

namespace Partywall.AutonomOS.Http;

/// <summary>Jobs in the API's JSON.</summary>
internal static class JobJson
{
    // The API's priorities go from 0 (last) to 9 (first); the framework's 0 is the ordinary one.
    private const int OrdinaryPriority = 5;
    private const int PriorityMax = 9;

    /// <summary>A submission.</summary>
    public static byte[] Submission(ProbeJob job)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            Write(json, job);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Submissions handed in together.</summary>
    public static byte[] Batch(IReadOnlyList<ProbeJob> jobs)
    {
        var buffer = new ArrayBufferWriter<byte>(512 * jobs.Count);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("jobs");
            foreach (var job in jobs)
            {
                Write(json, job);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>An accepted submission.</summary>
    public static Submission Accepted(JsonElement json) => new(
        Text(json, "id") ?? throw new FormatException("An accepted submission without an id."),
        json.TryGetProperty("replayed", out var replayed) && replayed.ValueKind == JsonValueKind.True);

    /// <summary>One item of a batch.</summary>
    public static Reply<Submission> BatchItem(JsonElement item, ReplyEvidence evidence)
    {
        switch (Text(item, "status"))
        {
            case "accepted" or "replayed":
                return Reply.Ok(
                    new Submission(
                        Text(item, "id") ?? throw new FormatException("An accepted item without an id."),
                        Text(item, "status") == "replayed"),
                    evidence);
            case "rejected":
                var problem = ApiProblem.Of(item, 0);
                return new ApiAnswer(problem.Kind, default, problem.Refusal, problem.Refusal.Detail, evidence)
                    .To<Submission>(static _ => throw new FormatException("A rejected item has no value."));
            case var other:
                throw new FormatException($"A batch item of status “{other}”.");
        }
    }

    /// <summary>A job.</summary>
    public static JobView View(JsonElement json) => new(
        Text(json, "id") ?? throw new FormatException("A job without an id."),
        State(Text(json, "status")),
        json.GetProperty("attempt").GetInt32(),
        json.TryGetProperty("progress", out var progress) && progress.ValueKind == JsonValueKind.Object
            ? progress.GetProperty("percent").GetInt32()
            : null,
        Raw(json, "result") ?? Decoded(json, "result_base64"),
        Raw(json, "error"));

    /// <summary>A page of jobs.</summary>
    public static JobPage Page(JsonElement json) => new(
        [.. json.GetProperty("jobs").EnumerateArray().Select(View)],
        Text(json, "next_cursor"));

    /// <summary>A tenant's usage.</summary>
    public static UsageView Usage(JsonElement json) => new(
        json.GetProperty("running").GetInt32(),
        json.GetProperty("queued").GetInt32() + json.GetProperty("delayed").GetInt32(),
        json.GetProperty("max_concurrent").GetInt32(),
        json.GetProperty("max_queued").GetInt32());

    /// <summary>A state, by the API's word for it.</summary>
    public static JobState State(string? word) => word switch
    {
        "pending" => JobState.Pending,
        "running" => JobState.Running,
        "completed" => JobState.Completed,
        "failed" => JobState.Failed,
        "cancelled" => JobState.Cancelled,
        _ => throw new FormatException($"A job in the state “{word}”."),
    };

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static void Write(Utf8JsonWriter json, ProbeJob job)
    {
        json.WriteStartObject();
        json.WriteString("type", ProbePayload.JobType);
        json.WritePropertyName("payload");
        json.WriteRawValue(job.Payload.ToJson(), skipInputValidation: true);
        if (job.Priority != 0)
        {
            json.WriteNumber("priority", Math.Clamp(OrdinaryPriority + job.Priority, 0, PriorityMax));
        }

        if (job.DelayMs != 0)
        {
            json.WriteNumber("delay_ms", job.DelayMs);
        }

        if (job.Pool is not null)
        {
            json.WriteString("pool", job.Pool);
        }

        if (job.IdempotencyKey is not null)
        {
            json.WriteString("idempotency_key", job.IdempotencyKey);
        }

        json.WriteEndObject();
    }

    /// <summary>What is not JSON travels in Base64.</summary>
    private static string? Decoded(JsonElement json, string name) =>
        Text(json, name) is { } base64 ? Encoding.UTF8.GetString(Convert.FromBase64String(base64)) : null;

    /// <summary>A text as itself, anything else as its JSON; null where there is none.</summary>
    private static string? Raw(JsonElement json, string name) =>
        !json.TryGetProperty(name, out var value) ? null
        : value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            JsonValueKind.String => value.GetString(),
            _ => value.GetRawText(),
        };
}
