using AutonomOS.Tenants;
using StackExchange.Redis;

namespace AutonomOS.Storage;

/// <summary>Runs scripts in a tenant's slot: the guard key declared, the deadline carried, a late refusal made an error.</summary>
internal sealed class TenantScripts(StoreConnection connection, ScriptCatalog scripts)
{
    internal StoreConnection Connection => connection;

    /// <summary>Runs a script that writes. It carries the deadline and does nothing after it.</summary>
    internal async Task<RedisResult[]> WriteAsync(string script, TenantId tenant, IEnumerable<RedisValue> args, CancellationToken cancellation)
    {
        var deadline = connection.NowMs + connection.Options.DeadlineMs;
        var answer = (RedisResult[])(await connection.EvaluateAsync(
            scripts[script], [StoreKeys.Semaphore(tenant)], [tenant.Value, deadline, .. args], write: true, cancellation))!;
        return (string?)answer[0] == "late"
            ? throw new StoreUnavailableException($"The store took {script} up after its deadline and refused it; nothing was done.")
            : answer;
    }

    /// <summary>Runs a script that only reads.</summary>
    internal async Task<RedisResult[]> ReadAsync(string script, TenantId tenant, IEnumerable<RedisValue> args, CancellationToken cancellation) =>
        (RedisResult[])(await connection.EvaluateAsync(
            scripts[script], [StoreKeys.Semaphore(tenant)], [tenant.Value, 0, .. args], write: false, cancellation))!;
}
