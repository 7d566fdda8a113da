using Partywall.Targets;

namespace Partywall.History;

/// <summary>An endpoint of the API under test.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reach">Whom it serves.</param>
public sealed record SurfaceEndpoint(string Name, EndpointReach Reach);

/// <summary>The endpoints that the system says it has, and between whom and in which situations they are to be tried.</summary>
/// <param name="AtNs">When they were read.</param>
/// <param name="Endpoints">All of them.</param>
/// <param name="Tenants">The tenants: each ordered pair is to be tried.</param>
/// <param name="Situations">The situations of a job: an endpoint that names one is to be tried in each.</param>
public sealed record SurfaceListed(
    long AtNs, IReadOnlyList<SurfaceEndpoint> Endpoints, IReadOnlyList<string> Tenants, IReadOnlyList<string> Situations)
    : HistoryEvent(AtNs);
