using Partywall.History;

namespace Partywall.Scenarios;

/// <summary>A tenant's figures for a live display.</summary>
/// <param name="Tenant">Its id.</param>
/// <param name="Running">Bodies running, by the witness.</param>
/// <param name="Limit">Its limit as last set.</param>
/// <param name="Waiting">Accepted jobs of which no body has started yet.</param>
/// <param name="Submitted">Submissions sent.</param>
/// <param name="Refused">Submissions refused.</param>
public readonly record struct TenantProgress(string Tenant, int Running, int Limit, int Waiting, int Submitted, int Refused);

/// <summary>
/// Where a run stands. Reported at least every <see cref="IntervalMs"/> milliseconds, and once more at its end; not
/// evidence.
/// </summary>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Variant">The variant's name.</param>
/// <param name="Stage">Words for what is being done: starting the target, a phase, stopping.</param>
/// <param name="Phase">The phase; null before the first and after the last.</param>
/// <param name="Elapsed">Since the run began.</param>
/// <param name="Submitted">Submissions sent, over all tenants.</param>
/// <param name="Expected">Submissions the load means to send.</param>
/// <param name="Running">Bodies running, over all tenants.</param>
/// <param name="PoolSize">Bodies that can run at once.</param>
/// <param name="Tenants">Each tenant's figures, in the order of onboarding.</param>
public sealed record ScenarioProgress(
    string Scenario,
    string Variant,
    string Stage,
    RunPhase? Phase,
    TimeSpan Elapsed,
    int Submitted,
    int Expected,
    int Running,
    int PoolSize,
    IReadOnlyList<TenantProgress> Tenants)
{
    /// <summary>The longest time between two reports, in milliseconds.</summary>
    public const int IntervalMs = 100;
}
