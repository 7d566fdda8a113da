using System.Buffers;
using System.Text;

namespace Partywall.Load;

/// <summary>
/// Searches received bytes for every tenant's secret, as it is and in Base64 (in which it may hide at any of three
/// alignments). Immutable and thread-safe.
/// </summary>
public sealed class CanaryScanner
{
    private readonly Dictionary<string, string> _canaries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _tenantByPattern = new(StringComparer.Ordinal);
    private readonly SearchValues<string> _search;
    private readonly int[] _lengths;

    /// <summary>Gives each tenant a secret drawn from the seed.</summary>
    /// <param name="tenantIds">All tenants of the run.</param>
    /// <param name="seed">The run's seed.</param>
    public CanaryScanner(IEnumerable<string> tenantIds, int seed)
    {
        ArgumentNullException.ThrowIfNull(tenantIds);
        var random = new Random(seed);
        Span<byte> secret = stackalloc byte[12];
        foreach (var tenant in tenantIds)
        {
            random.NextBytes(secret);
            var canary = "canary-" + Convert.ToHexStringLower(secret);
            _canaries.Add(tenant, canary);
            foreach (var pattern in Patterns(canary))
            {
                _tenantByPattern.Add(pattern, tenant);
            }
        }

        _search = SearchValues.Create([.. _tenantByPattern.Keys], StringComparison.Ordinal);
        _lengths = [.. _tenantByPattern.Keys.Select(static p => p.Length).Distinct()];
    }

    /// <summary>A tenant's secret.</summary>
    /// <param name="tenantId">A tenant of the run.</param>
    public string CanaryOf(string tenantId) => _canaries[tenantId];

    /// <summary>Finds the tenants whose secret is in the bytes.</summary>
    /// <param name="bytes">Any bytes.</param>
    /// <returns>The tenants in ordinal order; null when none is found.</returns>
    public IReadOnlyList<string>? Find(ReadOnlySpan<byte> bytes)
    {
        // Latin-1 maps each byte to one char, so nothing is lost or joined.
        ReadOnlySpan<char> text = Encoding.Latin1.GetString(bytes);
        SortedSet<string>? found = null;
        var patterns = _tenantByPattern.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var at = text.IndexOfAny(_search); at >= 0;)
        {
            text = text[at..];
            foreach (var length in _lengths)
            {
                if (length <= text.Length && patterns.TryGetValue(text[..length], out var tenant))
                {
                    (found ??= new SortedSet<string>(StringComparer.Ordinal)).Add(tenant);
                }
            }

            text = text[1..];
            at = text.IndexOfAny(_search);
        }

        return found is null ? null : [.. found];
    }

    /// <summary>
    /// The secret itself, and what of its Base64 does not depend on the bytes around it: with 0, 1 or 2 bytes before it
    /// in its group of three, less the characters that mix it with its neighbours.
    /// </summary>
    private static IEnumerable<string> Patterns(string canary)
    {
        yield return canary;
        var bytes = Encoding.ASCII.GetBytes(canary);
        for (var before = 0; before < 3; before++)
        {
            var padded = new byte[before + bytes.Length];
            bytes.CopyTo(padded, before);
            var base64 = Convert.ToBase64String(padded).TrimEnd('=');
            var skip = before == 0 ? 0 : before + 1;
            var whole = padded.Length * 8 / 6;
            yield return base64[skip..whole];
        }
    }
}
