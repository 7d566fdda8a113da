using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace AutonomOS.Host.Serving;

/// <summary>One line an entry: time, level, where, what, and for an error its type and message. The stack is shown at <c>Debug</c> only.</summary>
internal sealed class PlainConsoleFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "plain";

    /// <summary>The number under which the host logs that a part of it could not start.</summary>
    private const int StartFailed = 11;

    /// <summary>Set once at start: whether stacks are shown.</summary>
    public static bool ShowStacks { get; set; }

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        // What was told to stop and stopped is no error, whatever its author thought.
        if (logEntry.Exception is OperationCanceledException)
        {
            return;
        }

        // A start that failed is told by the command, in one line that says what to do.
        if (logEntry is { Category: "Microsoft.Extensions.Hosting.Internal.Host", EventId.Id: StartFailed })
        {
            return;
        }

        var message = logEntry.Formatter(logEntry.State, logEntry.Exception).ReplaceLineEndings(" ");
        textWriter.Write(time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        textWriter.Write(Level(logEntry.LogLevel));
        textWriter.Write(logEntry.Category.AsSpan(logEntry.Category.LastIndexOf('.') + 1));
        textWriter.Write(": ");
        textWriter.Write(message);
        for (var error = logEntry.Exception; error is not null; error = error.InnerException)
        {
            textWriter.Write($" [{error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}]");
        }

        textWriter.WriteLine();
        if (ShowStacks && logEntry.Exception?.StackTrace is { } stack)
        {
            textWriter.WriteLine(stack);
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => " trace ",
        LogLevel.Debug => " debug ",
        LogLevel.Information => " info ",
        LogLevel.Warning => " warning ",
        LogLevel.Error => " error ",
        _ => " critical ",
    };
}
