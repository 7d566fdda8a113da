using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Partywall.Targets;

namespace Partywall.Model;

/// <summary>The model's state under the names a store would have it under, so that key inspection has something to inspect.</summary>
internal static partial class ModelKeys
{
    /// <summary>The keys that belong to no tenant.</summary>
    private static readonly string[] WrittenList = ["job:tenants"];

    /// <summary>A digest of a tenant's keys and contents.</summary>
    internal static string Digest(IEnumerable<(string Key, string Content)> keys, string tenantId)
    {
        var own = keys.Where(k => Inspect(k.Key).Tenant == tenantId).OrderBy(static k => k.Key, StringComparer.Ordinal)
            .Select(static k => $"{k.Key}={k.Content}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(own))));
    }

    /// <summary>A tenant's keys.</summary>
    internal static IEnumerable<(string Key, string Content)> Of(ModelTenant tenant)
    {
        var t = $"tenant:{{{tenant.Id}}}";
        yield return ($"job:meta:{t}", $"{tenant.MaxConcurrent} {tenant.MaxQueued} {tenant.Open}");
        if (tenant.Slots.Count > 0)
        {
            yield return ($"job:semaphore:{t}", string.Join(',', tenant.Slots.Order(StringComparer.Ordinal)));
        }

        if (tenant.Queue.Count > 0)
        {
            yield return ($"job:queue:{t}:pool:default", string.Join(',', tenant.Queue.Values.Select(static j => j.Id)));
        }

        foreach (var job in tenant.Jobs.Values)
        {
            yield return ($"job:state:{t}:job:{job.Id}", job.View.ToString());
        }

        foreach (var (key, job) in tenant.Idempotency)
        {
            yield return ($"job:idempotency:{t}:{key}", job.Id);
        }
    }

    /// <summary>To whom a key belongs, by its name.</summary>
    internal static InspectedKey Inspect(string key) => TenantInKey().Match(key) switch
    {
        { Success: true } match => new InspectedKey(key, KeyOwnership.Tenant, match.Groups["tenant"].Value),
        _ when WrittenList.Contains(key, StringComparer.Ordinal) => new InspectedKey(key, KeyOwnership.WrittenList, null),
        _ => new InspectedKey(key, KeyOwnership.Unknown, null),
    };

    [GeneratedRegex(@"\Ajob:[a-z]+:tenant:\{(?<tenant>[^{}]+)\}(:|\z)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex TenantInKey();
}
