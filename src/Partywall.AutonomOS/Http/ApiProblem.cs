using System.Globalization;
using System.Text.Json;
using Partywall.Targets;

namespace Partywall.AutonomOS.Http;

/// <summary>A problem, as the API states it (RFC 9457, with a stable <c>code</c>), turned into the words of the framework.</summary>
/// <param name="Kind">What it means for the call.</param>
/// <param name="Refusal">The code, the words, and the limit and count where the problem names them.</param>
internal readonly record struct ApiProblem(ReplyKind Kind, Refusal Refusal)
{
    /// <summary>Reads a problem: a whole answer's, or one item's of a batch.</summary>
    /// <param name="json">The problem; undefined where the answer had no JSON body.</param>
    /// <param name="status">The status; 0 for an item of a batch.</param>
    public static ApiProblem Of(JsonElement json, int status)
    {
        var code = Text(json, "code");
        var detail = Text(json, "detail") ?? Text(json, "title") ?? string.Create(CultureInfo.InvariantCulture, $"status {status}");
        var kind = (code, status) switch
        {
            ("outcome_unknown", _) => ReplyKind.Unknown,
            ("store_unavailable" or "records_unavailable", _) => ReplyKind.Unavailable,
            ("not_found", _) => ReplyKind.NotFound,
            (not null, _) => ReplyKind.Refused,

            // Not the API's own words: something before it answered, or it broke. Only a 4xx says surely that nothing was done.
            (null, 404) => ReplyKind.NotFound,
            (null, >= 400 and < 500) => ReplyKind.Refused,
            _ => ReplyKind.Unknown,
        };
        return new ApiProblem(
            kind,
            new Refusal(code ?? string.Create(CultureInfo.InvariantCulture, $"http_{status}"), detail, Number(json, "limit"), Number(json, "count")));
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static int? Number(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : null;
}
