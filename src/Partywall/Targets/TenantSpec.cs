namespace Partywall.Targets;

/// <summary>A tenant as a scenario asks for it.</summary>
/// <param name="Id">The tenant's id.</param>
/// <param name="MaxConcurrent">Its limit: jobs that may run at once. At least 1. Default 5.</param>
/// <param name="MaxQueued">Its backlog: jobs admitted beyond the limit. 0 (the default) is the strict mode.</param>
/// <param name="Weight">Its share where tenants compete, relative to the others'. Above 0. Default 1.</param>
public sealed record TenantSpec(string Id, int MaxConcurrent = 5, int MaxQueued = 0, int Weight = 1);
