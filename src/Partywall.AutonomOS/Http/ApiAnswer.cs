using System.Text.Json;
using Partywall.Targets;

namespace Partywall.AutonomOS.Http;

/// <summary>What became of a request.</summary>
/// <param name="Kind">Ok for an answer of status 2xx with a body that could be read.</param>
/// <param name="Body">The body of an ok answer, or the problem of another; undefined where there is none.</param>
/// <param name="Refusal">Why it was refused.</param>
/// <param name="Detail">Words about an unknown outcome or an outage.</param>
/// <param name="Evidence">What came over the wire.</param>
internal sealed record ApiAnswer(ReplyKind Kind, JsonElement Body, Refusal? Refusal, string? Detail, ReplyEvidence Evidence)
{
    /// <summary>The typed reply: <paramref name="read"/> makes the value of an ok answer. A body of another shape is an unknown outcome.</summary>
    public Reply<T> To<T>(Func<JsonElement, T> read)
        where T : class
    {
        switch (Kind)
        {
            case ReplyKind.Ok:
                try
                {
                    return Reply.Ok(read(Body), Evidence);
                }
                catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or JsonException)
                {
                    return Reply.Unknown<T>($"The answer (status {Evidence.Status}) has another shape than agreed: {e.Message}", Evidence);
                }

            case ReplyKind.Refused:
                return Reply.Refused<T>(Refusal!, Evidence);
            case ReplyKind.NotFound:
                return Reply.NotFound<T>(Evidence);
            case ReplyKind.Unavailable:
                return Reply.Unavailable<T>(Detail!, Evidence);
            default:
                return Reply.Unknown<T>(Detail!, Evidence);
        }
    }

    /// <summary>The answer in one sentence, for an error.</summary>
    public string Words => Kind switch
    {
        ReplyKind.Refused => $"{Refusal!.Detail} ({Refusal.Code})",
        ReplyKind.NotFound => "There is no such thing (404).",
        ReplyKind.Ok => "Done.",
        _ => Detail ?? "No words.",
    };
}
