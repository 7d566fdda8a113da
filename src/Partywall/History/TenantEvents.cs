namespace Partywall.History;

/// <summary>A tenant is in, and its limits are in force.</summary>
/// <param name="AtNs">When the target said so.</param>
/// <param name="Tenant">Its id.</param>
/// <param name="MaxConcurrent">Its limit.</param>
/// <param name="MaxQueued">Its backlog.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Canary">The secret its jobs carry.</param>
public sealed record TenantOnboarded(long AtNs, string Tenant, int MaxConcurrent, int MaxQueued, int Weight, string Canary)
    : HistoryEvent(AtNs);

/// <summary>The target did not take a tenant that it was free to refuse, and said why.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Tenant">The id that was tried.</param>
/// <param name="Code">The code of the refusal; null when there was no clear one.</param>
/// <param name="Detail">The words.</param>
public sealed record TenantRefused(long AtNs, string Tenant, string? Code, string Detail) : HistoryEvent(AtNs);

/// <summary>Where a change of limits stands.</summary>
public enum LimitChangeMark
{
    /// <summary>Asked for: from here on either set of limits may be in force.</summary>
    Asked,

    /// <summary>Confirmed: from here on only the new ones are.</summary>
    Confirmed,

    /// <summary>Refused or unanswered: either may be in force until the next confirmed change.</summary>
    Uncertain,
}

/// <summary>A tenant's limits change. A change appears as <see cref="LimitChangeMark.Asked"/> and then one of the other two.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Tenant">The tenant.</param>
/// <param name="MaxConcurrent">The new limit.</param>
/// <param name="MaxQueued">The new backlog.</param>
/// <param name="Mark">Where the change stands.</param>
public sealed record LimitChange(long AtNs, string Tenant, int MaxConcurrent, int MaxQueued, LimitChangeMark Mark) : HistoryEvent(AtNs);

/// <summary>
/// Held slots as the system's own structures say. Each tenant's figure is true of some moment between
/// <see cref="FromNs"/> and <see cref="HistoryEvent.AtNs"/>.
/// </summary>
/// <param name="AtNs">When the answer was there.</param>
/// <param name="FromNs">When it was asked for.</param>
/// <param name="Held">Held slots by tenant.</param>
public sealed record HeldSlotsSampled(long AtNs, long FromNs, IReadOnlyDictionary<string, int> Held) : HistoryEvent(AtNs);

/// <summary>A tenant's usage as the API says, true of some moment between <see cref="FromNs"/> and <see cref="HistoryEvent.AtNs"/>.</summary>
/// <param name="AtNs">When the answer was there.</param>
/// <param name="FromNs">When it was asked for.</param>
/// <param name="Tenant">The tenant that asked.</param>
/// <param name="Running">Running jobs, as said.</param>
/// <param name="Pending">Pending jobs, as said.</param>
/// <param name="MaxConcurrent">The limit, as said.</param>
/// <param name="MaxQueued">The backlog, as said.</param>
public sealed record UsageSampled(long AtNs, long FromNs, string Tenant, int Running, int Pending, int MaxConcurrent, int MaxQueued)
    : HistoryEvent(AtNs);

/// <summary>What an inspection of the store's keys found.</summary>
/// <param name="AtNs">When it was finished.</param>
/// <param name="FromNs">When it began.</param>
/// <param name="Total">Keys seen.</param>
/// <param name="OnWrittenList">Keys of no tenant that are on the system's written list.</param>
/// <param name="ByTenant">Keys by the tenant their name carries, known to the run or not.</param>
/// <param name="Unknown">Names of keys that belong to nobody known, at most <see cref="UnknownMax"/> of them.</param>
/// <param name="UnknownCount">How many such keys there were.</param>
public sealed record KeysInspected(
    long AtNs,
    long FromNs,
    int Total,
    int OnWrittenList,
    IReadOnlyDictionary<string, int> ByTenant,
    IReadOnlyList<string> Unknown,
    int UnknownCount)
    : HistoryEvent(AtNs)
{
    /// <summary>The most names kept of keys that belong to nobody.</summary>
    public const int UnknownMax = 100;
}

/// <summary>Which of two moments a digest belongs to.</summary>
public enum DigestMoment
{
    /// <summary>Before the other tenants were busy, this one already at rest.</summary>
    Before,

    /// <summary>After they were.</summary>
    After,
}

/// <summary>A digest of all of a bystander tenant's keys while it is at rest. Before and after must be the same.</summary>
/// <param name="AtNs">When.</param>
/// <param name="Tenant">The bystander.</param>
/// <param name="Moment">Before or after.</param>
/// <param name="Digest">The digest, hexadecimal.</param>
public sealed record TenantDigested(long AtNs, string Tenant, DigestMoment Moment, string Digest) : HistoryEvent(AtNs);
