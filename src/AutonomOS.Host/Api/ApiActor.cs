using AutonomOS.Records;

namespace AutonomOS.Host.Api;

/// <summary>Who makes an administrative request, for the audit log.</summary>
internal static class ApiActor
{
    /// <summary>The gate lets nobody but the admin key here; a request over a Unix socket has no address.</summary>
    public static Actor Actor(this HttpContext http) => Records.Actor.Admin(http.Connection.RemoteIpAddress?.ToString() ?? "unix socket");
}
