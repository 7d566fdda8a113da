using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace AutonomOS.Tenants;

/// <summary>
/// The name of a tenant: 1 to 64 characters of <c>A–Z a–z 0–9 . _ -</c>, the first a letter or digit; ordinal and case-sensitive.
/// </summary>
/// <remarks>
/// The pattern is anchored with <c>\z</c>: <c>$</c> would let a trailing newline in, and an id with a newline in it is
/// another id in every structure that compares bytes. A value of this type has passed the check, so nothing below the
/// edge has to repeat it; even so, no pattern is ever built from an id. <c>default(TenantId)</c> is not a tenant and
/// throws when its <see cref="Value"/> is read.
/// </remarks>
public readonly partial record struct TenantId
{
    private readonly string? _value;

    private TenantId(string value) => _value = value;

    /// <summary>The longest id, in characters.</summary>
    public const int LengthMax = 64;

    /// <summary>The id as text.</summary>
    /// <exception cref="InvalidOperationException">This is <c>default(TenantId)</c>.</exception>
    public string Value => _value ?? throw new InvalidOperationException("This tenant id was never given a value.");

    /// <summary>Takes <paramref name="text"/> as a tenant id.</summary>
    /// <returns>False when it is not one; then <paramref name="id"/> must not be used.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out TenantId id)
    {
        if (text is not null && Pattern().IsMatch(text))
        {
            id = new TenantId(text);
            return true;
        }

        id = default;
        return false;
    }

    /// <summary>Takes <paramref name="text"/> as a tenant id.</summary>
    /// <exception cref="FormatException">It is not one; the message says what is allowed.</exception>
    public static TenantId Parse(string text) => TryParse(text, out var id)
        ? id
        : throw new FormatException("A tenant id has 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit.");

    /// <inheritdoc/>
    public override string ToString() => _value ?? "(none)";

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
