using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>
/// What a failed call means to its caller. There are two answers: it was certainly not done, or it may have been. In
/// doubt a write may have been done, and a read, which does nothing, is unavailable.
/// </summary>
internal static class StoreConnectionErrors
{
    // Replies with which a server refuses a command before it starts it.
    private static readonly string[] Refusals =
    [
        "LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "NOAUTH", "WRONGPASS", "NOPERM", "OOM",
        "MISCONF", "NOREPLICAS", "NOSCRIPT", "MOVED", "ASK", "CROSSSLOT",
    ];

    internal static bool IsNoScript(RedisServerException error) => error.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal);

    /// <summary>Whether <paramref name="error"/> is one of the store's; another goes on as it is.</summary>
    internal static bool IsOurs(Exception error) => error is RedisException or TimeoutException or ObjectDisposedException;

    /// <summary>The typed error for one of the store's.</summary>
    /// <param name="error">What the client threw.</param>
    /// <param name="write">Whether the call would have changed something.</param>
    /// <param name="what">What was called, for the message.</param>
    /// <param name="options">Which store.</param>
    internal static Exception Translate(Exception error, bool write, string what, StoreOptions options) => error switch
    {
        RedisServerException refused when WasRefused(refused) =>
            new StoreUnavailableException($"The store at {options} refused {what}; nothing was done: {refused.Message}", refused),
        RedisServerException failed =>
            InDoubt(failed, write, $"The store at {options} failed in {what}: {failed.Message}"),
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } denied =>
            new StoreUnavailableException($"The store at {options} refused the password; nothing was done.", denied),
        RedisConnectionException { CommandStatus: CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog } unsent =>
            new StoreUnavailableException($"There is no connection to the store at {options}; {what} was not sent.", unsent),
        RedisTimeoutException { Commandstatus: CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog } unsent =>
            new StoreUnavailableException($"The store at {options} took nothing within {options.DeadlineMs} ms; {what} was not sent.", unsent),
        RedisConnectionException lost =>
            InDoubt(lost, write, $"The connection to the store at {options} was lost during {what}."),
        TimeoutException late =>
            InDoubt(late, write, $"The store at {options} did not answer {what} within {options.DeadlineMs} ms."),
        RedisException other =>
            InDoubt(other, write, $"The call {what} to the store at {options} failed: {other.Message}"),
        ObjectDisposedException closed =>
            new StoreUnavailableException($"The connection to the store at {options} is closed; {what} was not sent.", closed),
        _ => error,
    };

    private static Exception InDoubt(Exception error, bool write, string message) => write
        ? new OutcomeUnknownException(message + " It may have been done or not.", error)
        : new StoreUnavailableException(message, error);

    // An error out of the middle of a script can carry the same word: Redis names the script then, Garnet says Lua.
    private static bool WasRefused(RedisServerException error) =>
        Array.Exists(Refusals, word => error.Message.StartsWith(word, StringComparison.Ordinal))
        && !error.Message.Contains("script:", StringComparison.Ordinal);
}
