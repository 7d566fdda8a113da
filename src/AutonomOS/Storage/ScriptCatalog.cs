using System.Globalization;
using System.Reflection;

namespace AutonomOS.Storage;

/// <summary>The scripts of the store, read from the assembly. Immutable and thread-safe.</summary>
/// <remarks>
/// A tenant script is <c>prelude.lua</c> followed by its own file, a script of a pool's index <c>pool.lua</c> followed by
/// its own: what they share is written once and each goes to the server as one text.
/// </remarks>
public sealed class ScriptCatalog
{
    private const string CallLine = "local call = redis.call\n";

    private readonly IReadOnlyDictionary<string, StoreScript> _scripts;

    private ScriptCatalog(IReadOnlyDictionary<string, StoreScript> scripts) => _scripts = scripts;

    /// <summary>Scripts that run in a tenant's slot.</summary>
    internal static IReadOnlyList<string> TenantScripts { get; } =
        ["submit", "claim", "renew", "settle", "handback", "progress", "cancel", "retry", "tenant", "touch", "sweep", "settled", "archived", "deletion", "withdraw", "purge", "get", "list", "usage"];

    /// <summary>Scripts that run in a pool's slot.</summary>
    internal static IReadOnlyList<string> PoolScripts { get; } = ["pick", "index", "forget"];

    /// <summary>Scripts on one key that no tenant owns.</summary>
    internal static IReadOnlyList<string> SharedScripts { get; } = ["due", "lead", "resign"];

    /// <summary>The scripts as shipped. (Stands below the lists that it is made of: initializers run in this order.)</summary>
    public static ScriptCatalog Shipped { get; } = new(Names.ToDictionary(n => n, n => new StoreScript(n, Text(n)), StringComparer.Ordinal));

    private static IEnumerable<string> Names => [.. TenantScripts, .. PoolScripts, .. SharedScripts];

    internal StoreScript this[string name] => _scripts[name];

    /// <summary>
    /// The shipped scripts, with one that dies with an error instead of its next write after <paramref name="writes"/>
    /// writes. An error keeps what was written, on Redis and on Garnet alike, so this leaves what a crash in the middle
    /// of the script leaves.
    /// </summary>
    internal static ScriptCatalog CrashingAfter(string script, int writes)
    {
        var budget = string.Create(CultureInfo.InvariantCulture, $$"""
            local reads = { GET = 1, EXISTS = 1, HGET = 1, HMGET = 1, TIME = 1, ZCARD = 1, ZRANGE = 1, ZRANGEBYSCORE = 1, ZREVRANGE = 1, ZREVRANGEBYSCORE = 1, ZRANK = 1, ZSCORE = 1, PTTL = 1, PUBLISH = 1 }
            local budget = {{writes}}
            local function call(command, ...)
              if not reads[command] then
                if budget == 0 then error('the script dies here') end
                budget = budget - 1
              end
              return redis.call(command, ...)
            end

            """);
        var text = Text(script);
        if (!text.Contains(CallLine, StringComparison.Ordinal))
        {
            throw new ArgumentException($"Script '{script}' has no place to die in.", nameof(script));
        }

        return Shipped.With(script, text.Replace(CallLine, budget, StringComparison.Ordinal));
    }

    /// <summary>These scripts with another text for one of them: for tests that plant a bug.</summary>
    internal ScriptCatalog With(string script, string text) => new(
        _scripts.ToDictionary(s => s.Key, s => s.Key == script ? new StoreScript(script, text) : s.Value, StringComparer.Ordinal));

    private static string Text(string name)
    {
        var head = TenantScripts.Contains(name, StringComparer.Ordinal) ? Read("prelude")
            : PoolScripts.Contains(name, StringComparer.Ordinal) ? Read("pool")
            : "";
        return head + Read(name);
    }

    private static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"AutonomOS.Scripts.{name}.lua")
            ?? throw new InvalidOperationException($"The script '{name}' is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
