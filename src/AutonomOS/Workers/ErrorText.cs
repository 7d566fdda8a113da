using System.Text;

namespace AutonomOS.Workers;

/// <summary>What a tenant gets to read of a handler's failure: the message, never the stack trace, cut to the tenant's limit.</summary>
internal static class ErrorText
{
    public static string Of(Exception exception, int bytesMax)
    {
        var cause = exception is AggregateException { InnerExceptions: [var only] } ? only : exception;
        return Cut(string.IsNullOrWhiteSpace(cause.Message) ? "The handler failed without a message." : cause.Message, bytesMax);
    }

    /// <summary>The longest beginning of <paramref name="text"/> that takes at most <paramref name="bytesMax"/> bytes as UTF-8, no character halved. What is no character (half a surrogate pair) becomes U+FFFD.</summary>
    public static string Cut(string text, int bytesMax)
    {
        var whole = new StringBuilder(Math.Min(text.Length, bytesMax));
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > bytesMax)
            {
                break;
            }

            whole.Append(rune.ToString());
        }

        return whole.ToString();
    }
}
