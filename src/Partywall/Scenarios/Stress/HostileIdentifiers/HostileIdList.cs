namespace Partywall.Scenarios.Stress.HostileIdentifiers;

/// <summary>The ids, each with a reason to be here.</summary>
internal static class HostileIdList
{
    /// <summary>At rest while its look-alikes are busy: the shortest, so that it is a prefix of nearly all others.</summary>
    public const string Bystander = "acme";

    /// <summary>Prefixes of one another, of letters and digits only. Any system takes these.</summary>
    public static IReadOnlyList<string> Plain { get; } = [Bystander, "acme1", "acme10", "acme100"];

    /// <summary>The others, which a system may take or refuse.</summary>
    public static IReadOnlyList<string> Others { get; } =
    [
        // Case pairs, and separators that some stores and paths treat alike.
        "Acme1", "ACME1", "acme-1", "acme_1", "acme.1", "acme1.", "acme1-",

        // Words out of a key, and numbers that pass for indexes.
        "tenant", "tenants", "pool", "default", "job", "meta", "0", "1", "10", "null", "undefined",

        // As long as it may be, and a hair beside it.
        new string('a', 64), new string('a', 63), new string('a', 65), new string('a', 10_000),

        // Nothing, and nearly nothing.
        "", " ", ".", "..", "-",

        // What a trailing newline or blank turns into another's name.
        "acme1\n", "acme1\r\n", "\nacme1", "acme1\0", "acme1\t", "acme1 ", " acme1", "acme1\u00a0", "acme1\u2028",

        // Patterns.
        "*", "acme*", "acme?", "acme[1]", "acme[0-9]", "acme\\1", "%", "acme%", "acme_%", ".*",

        // Pieces of keys, channels, paths, headers and statements.
        "acme1:pool:default", "acme1:job:1", "acme1}", "{acme1}", "acme{1}", "acme1}:pool:{x", "acme/1", "../acme1", "acme1%0a", "acme1\u0000", "acme1;", "acme1'--", "acme1\"", "acme1,acme10",

        // Letters that look alike, compose alike, or do not show.
        "\u0430cme1", "\uff41cme1", "acm\u00e91", "acme\u03011", "acme\u200b1", "\u202eacme1", "acme\uff11", "ac\u017fe1", "\u212acme1", "\U0001f3e2",
    ];
}
