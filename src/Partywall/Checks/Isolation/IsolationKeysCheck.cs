using Partywall.History;

namespace Partywall.Checks.Isolation;

/// <summary>
/// Each key in the store belongs to exactly one known tenant or is on the written list, and the keys of a bystander
/// tenant at rest are the same before and after the others were busy.
/// </summary>
public sealed class IsolationKeysCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "isolation.keys";

    /// <inheritdoc/>
    public string Claim => "Every key in the store has one known owner, and a bystander's keys stay as they are.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var tenants = new HashSet<string>(StringComparer.Ordinal);
        var before = new Dictionary<string, (string Digest, int Line)>(StringComparer.Ordinal);
        var compared = 0;
        var owned = 0;
        for (var i = 0; i < history.Events.Count; i++)
        {
            switch (history.Events[i])
            {
                case TenantOnboarded tenant:
                    tenants.Add(tenant.Tenant);
                    break;
                case KeysInspected inspected:
                    owned = Math.Max(owned, inspected.ByTenant.Where(p => tenants.Contains(p.Key)).Sum(static p => p.Value));
                    JudgeKeys(inspected, i + 1, tenants, notes);
                    break;
                case TenantDigested { Moment: DigestMoment.Before } digest:
                    before[digest.Tenant] = (digest.Digest, i + 1);
                    break;
                case TenantDigested { Moment: DigestMoment.After } digest when before.Remove(digest.Tenant, out var first):
                    compared++;
                    if (first.Digest != digest.Digest)
                    {
                        notes.Find($"The keys of {digest.Tenant}, at rest, changed while others were busy.", [first.Line, i + 1], digest.Tenant);
                    }

                    break;
            }
        }

        notes.Figure("keys with a tenant", owned, "keys");
        notes.Figure("bystanders compared", compared, "tenants");
        if (compared == 0)
        {
            notes.Doubt("No bystander's keys were compared before and after.");
        }

        foreach (var tenant in before.Keys.Order(StringComparer.Ordinal))
        {
            notes.Doubt($"The keys of {tenant} were digested before, but not after.");
        }

        return notes.Result(owned, "No key of any tenant was seen in the store.");
    }

    private static void JudgeKeys(KeysInspected inspected, int line, HashSet<string> tenants, CheckNotes notes)
    {
        if (inspected.UnknownCount > 0)
        {
            notes.Find(
                $"{inspected.UnknownCount} key(s) belong to no tenant and are not on the written list, such as {string.Join(", ", inspected.Unknown.Take(3))}.", [line]);
        }

        foreach (var (tenant, keys) in inspected.ByTenant.Where(p => p.Value > 0 && !tenants.Contains(p.Key)).OrderBy(static p => p.Key, StringComparer.Ordinal))
        {
            notes.Find($"{keys} key(s) carry the name of {tenant}, which is no tenant of this run.", [line], tenant);
        }
    }
}
