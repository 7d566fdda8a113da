using System.Text;

namespace AutonomOS.Records;

/// <summary>Who does an administrative act, for the audit log.</summary>
public sealed record Actor
{
    private Actor(string name, string? origin) => (Name, Origin) = (Printable(name), origin is null ? null : Printable(origin));

    /// <summary>The longest name or origin, in characters; what is longer is cut off.</summary>
    public const int LengthMax = 128;

    /// <summary><c>admin</c> for the admin key, <c>system:PART</c> for a part of the program that finishes what was begun.</summary>
    public string Name { get; }

    /// <summary>Where the request came from, as far as the server sees (behind a proxy that is the proxy); null for the program itself.</summary>
    public string? Origin { get; }

    /// <summary>Whoever holds the admin key.</summary>
    public static Actor Admin(string? origin) => new("admin", origin);

    /// <summary>A part of the program.</summary>
    public static Actor System(string part) => new("system:" + part, null);

    /// <summary>Nothing in a log may look like more than it is: what cannot be printed becomes a question mark.</summary>
    private static string Printable(string text)
    {
        var whole = new StringBuilder();
        foreach (var letter in text.AsSpan(0, Math.Min(text.Length, LengthMax)))
        {
            whole.Append(letter is >= ' ' and <= '~' ? letter : '?');
        }

        return whole.ToString();
    }
}
