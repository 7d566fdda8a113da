using System.Text.Json.Serialization;

namespace AutonomOS.Host.Api;

/// <summary>An error as the API tells it (RFC 9457, <c>application/problem+json</c>).</summary>
internal sealed record ApiProblem
{
    public const string ContentType = "application/problem+json";

    /// <summary><c>urn:autonomos:problem:CODE</c>.</summary>
    public string Type => $"urn:autonomos:problem:{Code}";

    /// <summary>What kind of error, in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What happened, and what to do.</summary>
    public required string Detail { get; init; }

    /// <summary>Stable; for programs.</summary>
    public required string Code { get; init; }

    /// <summary>For <c>invalid_request</c>: what is wrong, by field.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>What was exceeded, in jobs or bytes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Limit { get; init; }

    /// <summary>How much was in use against the limit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Count { get; init; }

    /// <summary>Seconds after which trying again makes sense; sent as <c>Retry-After</c>.</summary>
    [JsonIgnore]
    public int? RetryAfterSeconds { get; init; }
}
