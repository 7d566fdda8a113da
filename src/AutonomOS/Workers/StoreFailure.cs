using AutonomOS.Storage;
using StackExchange.Redis;

namespace AutonomOS.Workers;

/// <summary>Which exceptions mean that the store did not answer, as opposed to an answer that is an error, or a fault in a program.</summary>
internal static class StoreFailure
{
    public static bool Is(Exception exception) =>
        exception is StoreUnavailableException or OutcomeUnknownException { InnerException: not RedisServerException };
}
