using Microsoft.Extensions.Logging.Console;

namespace AutonomOS.Host.Serving;

/// <summary>Logging as every command does it: plain lines on stderr, so that stdout carries the ready lines alone.</summary>
internal static class PlainLogging
{
    public static ILoggingBuilder AddPlainConsole(this ILoggingBuilder logging, LogLevel level)
    {
        PlainConsoleFormatter.ShowStacks = level <= LogLevel.Debug;
        logging.SetMinimumLevel(level);
        // The store client's and the framework's inner life is for debugging them.
        if (level > LogLevel.Debug)
        {
            logging.AddFilter("Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning);
            logging.AddFilter("Garnet", level > LogLevel.Error ? level : LogLevel.Error);
        }

        logging.Services.AddSingleton(TimeProvider.System);
        logging.AddConsole(console =>
        {
            console.FormatterName = PlainConsoleFormatter.FormatterName;
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        });
        logging.AddConsoleFormatter<PlainConsoleFormatter, ConsoleFormatterOptions>();
        return logging;
    }
}
