using System.ComponentModel.DataAnnotations;
using System.Net;

namespace AutonomOS.Embedded;

/// <summary>Where the embedded store listens and where it keeps its data. Exactly one of <see cref="SocketPath"/> and <see cref="Listen"/> is set.</summary>
public sealed record EmbeddedStoreOptions
{
    /// <summary>
    /// The Unix socket, at most 107 bytes. Its directory is made with mode 0700 when it is missing, and must not be open
    /// to other users when it is there. The socket itself gets mode 0600.
    /// </summary>
    public string? SocketPath { get; init; }

    /// <summary>The address and port for TCP. Needs <see cref="Password"/>, and beyond loopback <see cref="TlsCertificateFile"/>.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>The password clients must show; null for none (a socket only). Never logged.</summary>
    public string? Password { get; init; }

    /// <summary>A PKCS #12 file with the server's certificate and key; null to speak no TLS.</summary>
    public string? TlsCertificateFile { get; init; }

    /// <summary>The password of <see cref="TlsCertificateFile"/>, or null for none.</summary>
    public string? TlsCertificatePassword { get; init; }

    /// <summary>
    /// Where the data lives, made with mode 0700 when missing; one process at a time. Null keeps everything in memory
    /// and loses it at the end: for tests.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>
    /// The append-only file is written to disk this often, in milliseconds: what was acknowledged within this time
    /// before a kill or a power cut may be lost. 1 to 10,000; default 100.
    /// </summary>
    [Range(1, 10_000)]
    public int CommitWindowMs { get; init; } = DefaultCommitWindowMs;

    /// <summary>The commit window unless another is said, in milliseconds.</summary>
    public const int DefaultCommitWindowMs = 100;
}
