using System.Globalization;

namespace Partywall.Model;

/// <summary>
/// Which tenant ids the model takes: nearly any that is visible, so that look-alikes are really there and have to be kept
/// apart. Braces mark the tenant in a key and are the exception.
/// </summary>
internal static class ModelTenantId
{
    private const int LengthMax = 64;

    /// <summary>What is wrong with an id; null for nothing.</summary>
    public static string? Violation(string id, PlantedBug? bug)
    {
        var text = bug == PlantedBug.NewlineAllowed && id.EndsWith('\n') ? id[..^1] : id;
        return text switch
        {
            "" => "A tenant id is not empty.",
            { Length: > LengthMax } => $"A tenant id has at most {LengthMax} characters.",
            _ when text.Any(static c => !IsVisible(c) || c is '{' or '}') => "A tenant id has no braces, blanks, control characters or characters that do not show.",
            _ => null,
        };
    }

    private static bool IsVisible(char c) => !char.IsControl(c) && !char.IsWhiteSpace(c) && char.GetUnicodeCategory(c) != UnicodeCategory.Format;
}
