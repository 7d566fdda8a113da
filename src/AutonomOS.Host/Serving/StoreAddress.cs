using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;

namespace AutonomOS.Host.Serving;

/// <summary>Which store: the embedded one, or an endpoint as <see cref="Storage.StoreOptions.Endpoint"/> takes it.</summary>
/// <param name="Endpoint">Null for the embedded one.</param>
internal sealed record StoreAddress(string? Endpoint)
{
    public static StoreAddress Embedded { get; } = new((string?)null);

    public bool IsEmbedded => Endpoint is null;

    public static bool TryParse(string text, bool embedded, [NotNullWhen(true)] out StoreAddress? address, [NotNullWhen(false)] out string? why)
    {
        address = null;
        why = null;
        if (embedded && text == "embedded")
        {
            address = Embedded;
            return true;
        }

        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            var path = text["unix:".Length..];
            if (path.Length == 0 || Encoding.UTF8.GetByteCount(Path.GetFullPath(path)) > ListenAddress.SocketPathBytesMax)
            {
                why = $"unix: needs the path of a socket, at most {ListenAddress.SocketPathBytesMax} bytes.";
                return false;
            }

            address = new StoreAddress("unix:" + Path.GetFullPath(path));
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon <= 0 || text.Contains(',', StringComparison.Ordinal) || text.Contains('=', StringComparison.Ordinal)
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > IPEndPoint.MaxPort
            || Uri.CheckHostName(text[..colon].Trim('[', ']')) == UriHostNameType.Unknown)
        {
            why = $"'{text}' is no store: give {(embedded ? "embedded, " : "")}HOST:PORT or unix:/path.";
            return false;
        }

        address = new StoreAddress(text);
        return true;
    }

    public override string ToString() => Endpoint ?? "embedded";
}
