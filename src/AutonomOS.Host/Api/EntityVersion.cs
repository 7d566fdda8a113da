using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace AutonomOS.Host.Api;

/// <summary>A tenant's version as an ETag, and back from <c>If-Match</c>.</summary>
internal static class EntityVersion
{
    public static void Write(HttpContext http, long version) =>
        http.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>The expected version; null when the header is absent or <c>*</c> and that is allowed.</summary>
    /// <exception cref="ApiException">The header is missing and required, or is no version.</exception>
    public static long? Expected(HttpContext http, bool required)
    {
        var values = http.Request.Headers[HeaderNames.IfMatch];
        if (values.Count == 0)
        {
            return required ? throw new ApiException(Problems.PreconditionRequired) : null;
        }

        if (values is ["*"])
        {
            return null;
        }

        return values is [{ } text] && text.StartsWith('"') && text.EndsWith('"')
            && long.TryParse(text.AsSpan(1, Math.Max(0, text.Length - 2)), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw new ApiException(Problems.Invalid("If-Match", "If-Match is one version in quotes, as the ETag gives it, or *."));
    }
}
