namespace Partywall.Targets;

/// <summary>Whom an endpoint serves, and what a call of it names.</summary>
public enum EndpointReach
{
    /// <summary>A tenant, about one of its jobs: the call names the job.</summary>
    Job,

    /// <summary>A tenant, about its own things: the call names nothing.</summary>
    Own,

    /// <summary>Whoever runs the system: the call may name a tenant. A tenant has no business there.</summary>
    Operator,

    /// <summary>Everybody, and it tells nothing of any tenant.</summary>
    Open,

    /// <summary>The target does not know. Nobody can say then whether it keeps tenants apart.</summary>
    Unknown,
}

/// <summary>An endpoint of the system's API.</summary>
/// <param name="Name">Its name, unique, such as <c>GET /v1/jobs/{id}</c>.</param>
/// <param name="Reach">Whom it serves.</param>
/// <param name="Changes">Whether a call may change something.</param>
public sealed record ApiEndpoint(string Name, EndpointReach Reach, bool Changes);

/// <summary>A call of an endpoint.</summary>
/// <param name="Endpoint">The endpoint.</param>
/// <param name="Caller">The tenant with whose key it is called; null for whoever runs the system.</param>
/// <param name="Tenant">The tenant that is named, where one can be; it may not exist.</param>
/// <param name="Job">The job that is named, where one can be; it may not exist.</param>
public sealed record ApiCall(ApiEndpoint Endpoint, string? Caller, string Tenant, string Job);

/// <summary>An ok answer of an endpoint that was found by its description: what it means is not known, its bytes are the evidence.</summary>
public sealed record ApiAnswered;

/// <summary>
/// The capability to name every endpoint that the running system has, by its own description of itself, and to call each
/// in the name of any tenant.
/// </summary>
public interface IApiSurface : ITargetCapability
{
    /// <summary>Reads the system's own description of its API.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TargetException">There is none, or it cannot be read.</exception>
    Task<IReadOnlyList<ApiEndpoint>> EndpointsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Calls an endpoint once. The request is the same for every caller, and made so that even an allowed one does no more
    /// than change the named job: an operator's endpoint gets a request that is refused in the end (a version that never
    /// was, a body without content). Of an answer that goes on for ever the beginning is read.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<Reply<ApiAnswered>> CallAsync(ApiCall call, CancellationToken cancellationToken);
}
