using System.CommandLine;
using System.CommandLine.Parsing;
using AutonomOS.Embedded;
using AutonomOS.Host.Serving;
using AutonomOS.Jobs;

namespace AutonomOS.Host.Commands;

/// <summary>Options that several commands take, spelt and checked alike.</summary>
internal static class SharedOptions
{
    /// <summary>The environment variable with the store's password. A command line can be read by every user of the machine.</summary>
    public const string StorePasswordVariable = "AUTONOMOS_STORE_PASSWORD";

    public static Option<string> Data() => NotEmpty(new Option<string>("--data")
    {
        Description = "Where tenants, keys and the embedded store live. Made with mode 0700 when missing.",
        HelpName = "DIR",
        DefaultValueFactory = _ => "autonomos-data",
    });

    public static Option<LogLevel> LogLevel() => new("--log-level")
    {
        Description = "What is logged to stderr: Debug, Information, Warning, Error or None.",
        HelpName = "LEVEL",
        DefaultValueFactory = _ => Microsoft.Extensions.Logging.LogLevel.Warning,
    };

    public static Option<int> CommitWindowMs() => Whole(
        "--commit-window-ms",
        "How often the embedded store commits to disk: a kill or a power cut loses at most what was acknowledged this long before it.",
        EmbeddedStoreOptions.DefaultCommitWindowMs,
        1,
        10_000);

    public static Option<int> DrainSeconds() => Whole(
        "--drain-seconds",
        "How long a stop waits for what is under way.",
        10,
        0,
        600);

    public static Option<bool> StoreTls() => new("--store-tls") { Description = "Speak TLS to the store." };

    public static Option<string> Pool()
    {
        var option = new Option<string>("--pool")
        {
            Description = "The pool whose jobs are run.",
            HelpName = "NAME",
            DefaultValueFactory = _ => JobSubmission.DefaultPool,
        };
        option.Validators.Add(result =>
        {
            if (!JobSubmissionRules.IsPool(result.Tokens.Count > 0 ? result.Tokens[0].Value : JobSubmission.DefaultPool))
            {
                result.AddError("--pool has 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit.");
            }
        });
        return option;
    }

    public static Option<StoreAddress> Store(bool embedded, bool required) => new("--store")
    {
        Description = (embedded ? "embedded (in this process, in the data directory), or " : "") + $"HOST:PORT or unix:/path of a Redis-protocol store. Its password is read from {StorePasswordVariable}.",
        HelpName = embedded ? "embedded|HOST:PORT|unix:PATH" : "HOST:PORT|unix:PATH",
        Required = required,
        DefaultValueFactory = embedded ? _ => StoreAddress.Embedded : null,
        CustomParser = result => StoreAddress.TryParse(result.Tokens[0].Value, embedded, out var address, out var why) ? address : Refuse(result, why, StoreAddress.Embedded),
    };

    public static Option<RecordsAddress?> Records() => new("--records")
    {
        Description = $"sqlite (in the data directory), or a PostgreSQL connection string without its password. Default: {RecordsAddress.Variable}, or sqlite. Passwords are read from {RecordsAddress.PasswordVariable} and {RecordsAddress.OwnerPasswordVariable}.",
        HelpName = "sqlite|CONNECTION",
        CustomParser = result => RecordsAddress.TryParse(result.Tokens[0].Value, secret: false, out var address, out var why) ? address : Refuse<RecordsAddress?>(result, why, null),
    };

    public static Option<ListenAddress> Listen(string description, ListenAddress? fallback) => new("--listen")
    {
        Description = description,
        HelpName = "HOST:PORT|unix:PATH",
        DefaultValueFactory = fallback is null ? null : _ => fallback,
        CustomParser = result => ListenAddress.TryParse(result.Tokens[0].Value, out var address, out var why) ? address : Refuse(result, why, ListenAddress.Default),
    };

    public static Option<int> Whole(string name, string description, int fallback, int min, int max) => new(name)
    {
        Description = $"{description} {min} to {max}.",
        HelpName = "N",
        DefaultValueFactory = _ => fallback,
        CustomParser = result => int.TryParse(result.Tokens[0].Value, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : Refuse(result, $"{name} is a whole number from {min} to {max}, not '{result.Tokens[0].Value}'.", fallback),
    };

    private static Option<string> NotEmpty(Option<string> option)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" }])
            {
                result.AddError($"{option.Name} needs a value.");
            }
        });
        return option;
    }

    private static T Refuse<T>(ArgumentResult result, string why, T whatever)
    {
        result.AddError(why);
        return whatever;
    }
}
