using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace AutonomOS.Jobs;

/// <summary>The id of a job: 32 lower-case hexadecimal digits, a version 7 UUID (so ids sort by the time they were made).</summary>
/// <remarks>Ids are made by the client of the store, not in a script, so that a repeated script is the same act twice.</remarks>
public readonly record struct JobId
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly string? _value;

    private JobId(string value) => _value = value;

    /// <summary>The id as text.</summary>
    /// <exception cref="InvalidOperationException">This is <c>default(JobId)</c>.</exception>
    public string Value => _value ?? throw new InvalidOperationException("This job id was never given a value.");

    /// <summary>A new id, unique for all practical purposes.</summary>
    public static JobId New(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new JobId(Guid.CreateVersion7(time.GetUtcNow()).ToString("N"));
    }

    /// <summary>Takes <paramref name="text"/> as a job id.</summary>
    /// <returns>False when it is not one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out JobId id)
    {
        if (text is { Length: 32 } && !text.AsSpan().ContainsAnyExcept(Digits))
        {
            id = new JobId(text);
            return true;
        }

        id = default;
        return false;
    }

    /// <summary>Takes <paramref name="text"/> as a job id.</summary>
    /// <exception cref="FormatException">It is not one.</exception>
    public static JobId Parse(string text) => TryParse(text, out var id)
        ? id
        : throw new FormatException("A job id has 32 lower-case hexadecimal digits.");

    /// <inheritdoc/>
    public override string ToString() => _value ?? "(none)";
}
