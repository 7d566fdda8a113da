namespace Partywall.Targets;

/// <summary>What became of a call.</summary>
public enum ReplyKind
{
    /// <summary>Done; <see cref="Reply{T}.Value"/> is there.</summary>
    Ok,

    /// <summary>Clearly not done, with a reason; <see cref="Reply{T}.Refusal"/> is there.</summary>
    Refused,

    /// <summary>The thing asked for does not exist, as far as this tenant may know.</summary>
    NotFound,

    /// <summary>It may have been done or not: a deadline passed or a connection broke after sending.</summary>
    Unknown,

    /// <summary>Clearly not done: the system, or something it depends on, is away.</summary>
    Unavailable,
}

/// <summary>Codes of refusals that scenarios tell apart. A target maps its own to these; any other code passes through as it is.</summary>
public static class RefusalCode
{
    /// <summary>The tenant's pending + running has reached limit + backlog.</summary>
    public const string QuotaExceeded = "quota_exceeded";

    /// <summary>The idempotency key was used before with another payload.</summary>
    public const string IdempotencyConflict = "idempotency_conflict";

    /// <summary>The request itself is malformed.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>Too many API requests, regardless of jobs.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>A repeated settle whose fence is no longer the job's.</summary>
    public const string StaleFence = "stale_fence";
}

/// <summary>Why a call was refused.</summary>
/// <param name="Code">A stable code, see <see cref="RefusalCode"/>.</param>
/// <param name="Detail">The system's own words.</param>
/// <param name="Limit">The limit that was reached, when the answer names it.</param>
/// <param name="Count">The count that reached it, when the answer names it.</param>
public sealed record Refusal(string Code, string Detail, int? Limit = null, int? Count = null);

/// <summary>
/// What came over the wire, so that answers can be compared and searched: the status and every byte received
/// that is the system's own (status line, headers other than <c>Date</c>, body).
/// </summary>
/// <param name="Status">The protocol's status (HTTP: the status code); 0 when no answer came.</param>
/// <param name="Bytes">The bytes received; empty when no answer came.</param>
public sealed record ReplyEvidence(int Status, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>No answer came.</summary>
    public static ReplyEvidence None { get; } = new(0, ReadOnlyMemory<byte>.Empty);
}

/// <summary>The typed answer to a call. Immutable.</summary>
/// <typeparam name="T">What an ok answer carries.</typeparam>
public sealed record Reply<T>
    where T : class
{
    internal Reply(ReplyKind kind, T? value, Refusal? refusal, string? detail, ReplyEvidence evidence)
    {
        Kind = kind;
        Value = value;
        Refusal = refusal;
        Detail = detail;
        Evidence = evidence;
    }

    /// <summary>What became of the call.</summary>
    public ReplyKind Kind { get; }

    /// <summary>The answer; not null exactly when <see cref="Kind"/> is <see cref="ReplyKind.Ok"/>.</summary>
    public T? Value { get; }

    /// <summary>The refusal; not null exactly when <see cref="Kind"/> is <see cref="ReplyKind.Refused"/>.</summary>
    public Refusal? Refusal { get; }

    /// <summary>Words about the answer where it is unknown or unavailable, otherwise null.</summary>
    public string? Detail { get; }

    /// <summary>What came over the wire.</summary>
    public ReplyEvidence Evidence { get; }
}

/// <summary>Makes replies.</summary>
public static class Reply
{
    /// <summary>An ok answer.</summary>
    /// <typeparam name="T">What it carries.</typeparam>
    /// <param name="value">What it carries.</param>
    /// <param name="evidence">What came over the wire.</param>
    public static Reply<T> Ok<T>(T value, ReplyEvidence evidence)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return new Reply<T>(ReplyKind.Ok, value, null, null, evidence);
    }

    /// <summary>A refusal.</summary>
    /// <typeparam name="T">What an ok answer would carry.</typeparam>
    /// <param name="refusal">Why.</param>
    /// <param name="evidence">What came over the wire.</param>
    public static Reply<T> Refused<T>(Refusal refusal, ReplyEvidence evidence)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(refusal);
        return new Reply<T>(ReplyKind.Refused, null, refusal, null, evidence);
    }

    /// <summary>Not found.</summary>
    /// <typeparam name="T">What an ok answer would carry.</typeparam>
    /// <param name="evidence">What came over the wire.</param>
    public static Reply<T> NotFound<T>(ReplyEvidence evidence)
        where T : class => new(ReplyKind.NotFound, null, null, null, evidence);

    /// <summary>An unknown outcome: it may have been done or not.</summary>
    /// <typeparam name="T">What an ok answer would carry.</typeparam>
    /// <param name="detail">What is known about it.</param>
    /// <param name="evidence">What came over the wire.</param>
    public static Reply<T> Unknown<T>(string detail, ReplyEvidence evidence)
        where T : class => new(ReplyKind.Unknown, null, null, detail, evidence);

    /// <summary>The system is away and nothing was done.</summary>
    /// <typeparam name="T">What an ok answer would carry.</typeparam>
    /// <param name="detail">What is known about it.</param>
    /// <param name="evidence">What came over the wire.</param>
    public static Reply<T> Unavailable<T>(string detail, ReplyEvidence evidence)
        where T : class => new(ReplyKind.Unavailable, null, null, detail, evidence);
}
