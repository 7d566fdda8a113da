using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;

namespace AutonomOS.Host.Api;

/// <summary>The most bytes that an endpoint reads.</summary>
internal sealed record ApiBodyLimit(long BytesMax);

/// <summary>Reads bodies, and says in the caller's words what is wrong with one.</summary>
internal static class ApiBody
{
    /// <exception cref="ApiException">The body is not what the endpoint takes.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class
    {
        if (!http.Request.HasJsonContentType())
        {
            throw new ApiException(Problems.NotJson);
        }

        LimitSize(http);
        if (http.Request.ContentLength == 0)
        {
            throw new ApiException(Problems.Invalid("body", "The body is empty; send an object."));
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, type, http.RequestAborted)
                ?? throw new ApiException(Problems.Invalid("body", "The body is null; send an object."));
        }
        catch (JsonException error)
        {
            throw new ApiException(Explain(error, type));
        }
    }

    /// <summary>
    /// Refuses a body that says itself that it is too large, and has the server cut one that does not say. Of the former
    /// the server still reads the rest (up to its own limit, for a few seconds), so that a caller who sends everything
    /// before it listens hears the answer instead of a broken connection.
    /// </summary>
    private static void LimitSize(HttpContext http)
    {
        var limit = http.GetEndpoint()?.Metadata.GetMetadata<ApiBodyLimit>()?.BytesMax ?? ApiLimits.BodyBytesMax;
        if (http.Request.ContentLength > limit)
        {
            throw new ApiException(Problems.BodyTooLarge(limit));
        }

        if (http.Request.ContentLength is null && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server)
        {
            server.MaxRequestBodySize = limit;
        }
    }

    /// <summary>What is wrong with JSON that did not become a <typeparamref name="T"/>.</summary>
    public static ApiProblem Explain<T>(JsonException error, JsonTypeInfo<T> type)
    {
        var path = error.Path is { Length: > 2 } whole && whole.StartsWith("$.", StringComparison.Ordinal) ? whole[2..] : null;
        var field = path?.Split('.', '[')[0];
        if (field is not null && type.Properties.FirstOrDefault(property => property.Name == field) is { } known)
        {
            return error.Message.StartsWith("Duplicate", StringComparison.Ordinal)
                ? Problems.Invalid(field, $"{field} is given twice.")
                : error.InnerException is JsonException || IsSyntax(error)
                    ? NotJson(error)
                    : Problems.Invalid(field, $"{field} is {Kind(known.PropertyType)}.");
        }

        if (field is not null && !IsSyntax(error))
        {
            return Problems.Invalid(field, $"{field} is not known here. Known: {string.Join(", ", type.Properties.Select(property => property.Name))}.");
        }

        return error.Message.StartsWith("Duplicate", StringComparison.Ordinal)
            ? Problems.Invalid("body", "A field is given twice.")
            : NotJson(error);
    }

    /// <summary>The reader that met broken syntax is the cause; a value of the wrong kind has another, or none.</summary>
    private static bool IsSyntax(JsonException error) => error.InnerException?.GetType().Name == "JsonReaderException";

    private static ApiProblem NotJson(JsonException error) => Problems.Invalid(
        "body",
        error.LineNumber is { } line
            ? $"The body is not a JSON object of the expected shape (line {line + 1}, byte {error.BytePositionInLine + 1})."
            : "The body is not a JSON object.");

    private static string Kind(Type type)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        return bare == typeof(string) ? "a text"
            : bare == typeof(int) || bare == typeof(long) ? "a whole number"
            : bare == typeof(bool) ? "true or false"
            : bare == typeof(RawJson) ? "any JSON in valid UTF-8"
            : "a list";
    }
}
