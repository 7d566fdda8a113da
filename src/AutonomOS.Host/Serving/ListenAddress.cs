using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;

namespace AutonomOS.Host.Serving;

/// <summary>Where a server listens: <c>HOST:PORT</c> with an IP address or <c>localhost</c>, or <c>unix:/path</c>.</summary>
/// <param name="EndPoint">The address and port; null for a socket.</param>
/// <param name="SocketPath">The socket, as an absolute path; null for TCP.</param>
internal sealed record ListenAddress(IPEndPoint? EndPoint, string? SocketPath)
{
    /// <summary>The longest path of a Unix socket, in bytes.</summary>
    public const int SocketPathBytesMax = 107;

    public static ListenAddress Default { get; } = new(new IPEndPoint(IPAddress.Loopback, 8080), null);

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLocal => EndPoint is null || IPAddress.IsLoopback(EndPoint.Address);

    public static bool TryParse(string text, [NotNullWhen(true)] out ListenAddress? address, [NotNullWhen(false)] out string? why)
    {
        address = null;
        why = null;
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            var given = text["unix:".Length..];
            if (given.Length == 0)
            {
                why = "unix: needs the path of a socket.";
                return false;
            }

            var path = Path.GetFullPath(given);
            var bytes = Encoding.UTF8.GetByteCount(path);
            if (bytes > SocketPathBytesMax)
            {
                why = $"The socket path has {bytes} bytes; the system allows {SocketPathBytesMax}. Choose a shorter one.";
                return false;
            }

            address = new ListenAddress(null, path);
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort)
        {
            why = $"'{text}' is no address to listen on: give HOST:PORT with a port from 0 to 65535 (0 takes a free one), or unix:/path.";
            return false;
        }

        var host = text[..colon];
        var ip = host switch
        {
            "localhost" => IPAddress.Loopback,
            ['[', .. var inner, ']'] when IPAddress.TryParse(inner, out var six) => six,
            _ when !host.Contains(':', StringComparison.Ordinal) && host.Count(c => c == '.') == 3 && IPAddress.TryParse(host, out var four) => four,
            _ => null,
        };
        if (ip is null)
        {
            why = $"'{host}' is no address of this machine: give an IP address such as 127.0.0.1 or [::1], or localhost.";
            return false;
        }

        address = new ListenAddress(new IPEndPoint(ip, port), null);
        return true;
    }

    public override string ToString() => EndPoint?.ToString() ?? $"unix:{SocketPath}";
}
