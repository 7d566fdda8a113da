using System.ComponentModel.DataAnnotations;

namespace AutonomOS.Storage;

/// <summary>How to reach the store.</summary>
public sealed record StoreOptions
{
    /// <summary><c>HOST:PORT</c> (default port 6379) or <c>unix:/path/to/socket</c>.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The password, or null for none (a Unix socket is guarded by its directory). Never logged.</summary>
    public string? Password { get; init; }

    /// <summary>Whether to speak TLS. Default false.</summary>
    public bool Tls { get; init; }

    /// <summary>Every call ends within this time, in milliseconds, with an answer or a typed error. 50 to 10,000; default 800.</summary>
    [Range(50, 10_000)]
    public int DeadlineMs { get; init; } = 800;

    /// <summary>What this connection is for, shown in the server's client list.</summary>
    public string ClientName { get; init; } = "autonomos";

    /// <summary>
    /// Whether scripts run on the calling thread, which they block until the answer or the deadline: for a thread of its
    /// own whose calls must not wait for the thread pool, such as a worker's renewals. Default false.
    /// </summary>
    public bool Blocking { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Endpoint}{(Tls ? " (TLS)" : "")}{(Password is null ? "" : " (with password)")}";
}
