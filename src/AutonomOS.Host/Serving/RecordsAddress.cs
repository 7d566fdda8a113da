using System.Diagnostics.CodeAnalysis;
using AutonomOS.Records;
using AutonomOS.Records.PostgreSql;
using AutonomOS.Records.Sqlite;
using Npgsql;

namespace AutonomOS.Host.Serving;

/// <summary>Where the records are: SQLite in the data directory, or a PostgreSQL database by its connection string.</summary>
/// <param name="ConnectionString">Null for SQLite.</param>
internal sealed record RecordsAddress(string? ConnectionString)
{
    /// <summary>The environment variable that says what <c>--records</c> says; it may hold a password, a command line may not.</summary>
    public const string Variable = "AUTONOMOS_RECORDS";

    /// <summary>The environment variable with the password of the application's role.</summary>
    public const string PasswordVariable = "AUTONOMOS_RECORDS_PASSWORD";

    /// <summary>The environment variable with the name of the role that owns the tables.</summary>
    public const string OwnerVariable = "AUTONOMOS_RECORDS_OWNER";

    /// <summary>The environment variable with that role's password.</summary>
    public const string OwnerPasswordVariable = "AUTONOMOS_RECORDS_OWNER_PASSWORD";

    public static RecordsAddress Sqlite { get; } = new((string?)null);

    /// <summary>Takes what was written.</summary>
    /// <param name="text"><c>sqlite</c> or a connection string.</param>
    /// <param name="secret">Whether it comes from where a password may be.</param>
    /// <param name="address">The address.</param>
    /// <param name="why">What is wrong with it; never repeats a connection string, which may hold a password.</param>
    public static bool TryParse(string text, bool secret, [NotNullWhen(true)] out RecordsAddress? address, [NotNullWhen(false)] out string? why)
    {
        address = null;
        why = null;
        if (text == "sqlite")
        {
            address = Sqlite;
            return true;
        }

        try
        {
            var builder = new NpgsqlConnectionStringBuilder(text);
            if (builder.Password is not null && !secret)
            {
                why = $"--records holds a password, and a command line can be read by every user of the machine. Give the password by {PasswordVariable}, and change it.";
                return false;
            }

            if (builder is not { Host.Length: > 0, Database.Length: > 0, Username.Length: > 0 })
            {
                why = "the records are sqlite, or a PostgreSQL connection string that names Host, Database and Username.";
                return false;
            }
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException or InvalidCastException)
        {
            why = "the records are sqlite, or a PostgreSQL connection string: 'Host=…;Database=…;Username=…'.";
            return false;
        }

        address = new RecordsAddress(text);
        return true;
    }

    /// <summary>The records themselves, with the passwords of the environment; nothing is opened yet.</summary>
    /// <param name="file">The SQLite file, where that is what they are.</param>
    public RecordsDatabase Open(string file)
    {
        if (ConnectionString is null)
        {
            return new SqliteRecords(file);
        }

        var application = new NpgsqlConnectionStringBuilder(ConnectionString);
        application.Password = Given(PasswordVariable) ?? application.Password;
        if (Given(OwnerVariable) is not { } name)
        {
            return new PostgreSqlRecords(application.ToString(), null);
        }

        var owner = new NpgsqlConnectionStringBuilder(ConnectionString) { Username = name, Password = Given(OwnerPasswordVariable), Pooling = false };
        return new PostgreSqlRecords(application.ToString(), owner.ToString());
    }

    public static string? Given(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
