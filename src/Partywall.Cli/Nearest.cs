namespace Partywall.Cli;

/// <summary>Finds the word that was probably meant.</summary>
internal static class Nearest
{
    /// <summary>The candidate with the smallest edit distance, if it is near enough to be worth a suggestion.</summary>
    /// <param name="word">What was typed.</param>
    /// <param name="candidates">What there is.</param>
    /// <returns>The nearest; null when none is near.</returns>
    public static string? To(string word, IEnumerable<string> candidates)
    {
        var best = candidates
            .Select(c => (Candidate: c, Distance: c.StartsWith(word, StringComparison.OrdinalIgnoreCase) || c.EndsWith("/" + word, StringComparison.OrdinalIgnoreCase) ? 0 : Distance(word, c)))
            .OrderBy(static c => c.Distance)
            .FirstOrDefault();
        return best.Candidate is not null && best.Distance <= Math.Max(2, word.Length / 2) ? best.Candidate : null;
    }

    /// <summary>A message that names what is unknown, the nearest there is, and all there are.</summary>
    public static string Unknown(string kind, string word, IReadOnlyCollection<string> candidates)
    {
        var nearest = To(word, candidates) is { } near ? $" Did you mean '{near}'?" : "";
        return $"There is no {kind} '{word}'.{nearest} Known: {string.Join(", ", candidates)}.";
    }

    /// <summary>Levenshtein distance, ignoring case.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + cost));
            }
        }

        return row[b.Length];
    }
}
