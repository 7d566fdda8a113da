using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AutonomOS.Storage;
using Garnet;
using Garnet.server;
using Garnet.server.Auth.Settings;
using Garnet.server.TLS;
using Microsoft.Extensions.Logging;
using Tsavorite.core;

namespace AutonomOS.Embedded;

/// <summary>A store inside this process: a Garnet server on a Unix socket or a TCP port. Durable unless it was given no data directory.</summary>
/// <remarks>
/// Durable means: everything acknowledged more than <see cref="EmbeddedStoreOptions.CommitWindowMs"/> before the process
/// is killed is there after a restart. The append-only file is committed that often rather than before each answer,
/// because the latter takes the store from tens of thousands of jobs a second to hundreds. A clean stop loses nothing.
/// </remarks>
public sealed class EmbeddedStore : IAsyncDisposable
{
    /// <summary>The longest path of a Unix socket on Linux, in bytes.</summary>
    public const int SocketPathBytesMax = 107;

    private readonly GarnetServer _server;
    private readonly DirectoryLock? _lock;
    private readonly EmbeddedStoreOptions _options;
    private int _disposed;

    private EmbeddedStore(EmbeddedStoreOptions options, GarnetServer server, DirectoryLock? directoryLock)
    {
        _options = options;
        _server = server;
        _lock = directoryLock;
    }

    /// <summary>How to connect to it.</summary>
    public StoreOptions Connection => new()
    {
        Endpoint = _options.SocketPath is { } path ? "unix:" + path : Reachable(_options.Listen!).ToString(),
        Password = _options.Password,
        Tls = _options.TlsCertificateFile is not null,
    };

    /// <summary>Starts a store. When this returns it accepts connections, with all data recovered.</summary>
    /// <exception cref="EmbeddedStoreException">It cannot, and the message says why in one line.</exception>
    public static async Task<EmbeddedStore> StartAsync(EmbeddedStoreOptions options, ILoggerFactory? loggers = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        var socketPath = options.SocketPath;
        if (socketPath is not null)
        {
            await PrepareSocketAsync(socketPath, cancellation);
        }
        else
        {
            ProbePort(options.Listen!);
        }

        var directoryLock = options.DataDirectory is { } directory ? DirectoryLock.Take(directory) : null;
        GarnetServer? server = null;
        try
        {
            // Recovery reads the whole append-only file on this thread.
            server = await Task.Run(() => Start(options, loggers), cancellation);
            return new EmbeddedStore(options, server, directoryLock);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            directoryLock?.Dispose();
            throw new EmbeddedStoreException($"The embedded store could not start: {error.Message.ReplaceLineEndings(" ")}", error);
        }
        catch
        {
            directoryLock?.Dispose();
            throw;
        }
    }

    /// <summary>Commits what is outstanding, stops, and removes the socket.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (_options.DataDirectory is not null)
        {
            using var bound = new CancellationTokenSource(TimeSpan.FromMilliseconds(LastCommitMsMax), TimeProvider.System);
            try
            {
                await _server.Store.CommitAOFAsync(bound.Token);
            }
            catch (OperationCanceledException)
            {
                // The disk does not answer; what the last periodic commit wrote is there.
            }
        }

        // Closing waits for connections to end.
        await Task.Run(() => _server.Dispose(deleteDir: false));
        if (_options.SocketPath is { } path)
        {
            File.Delete(path);
        }

        _lock?.Dispose();
    }

    private const int LastCommitMsMax = 5000;

    private static GarnetServer Start(EmbeddedStoreOptions options, ILoggerFactory? loggers)
    {
        var server = new GarnetServer(Configure(options), loggers);
        try
        {
            server.Start();
            return server;
        }
        catch
        {
            server.Dispose(deleteDir: false);
            throw;
        }
    }

    private static GarnetServerOptions Configure(EmbeddedStoreOptions options)
    {
        var garnet = new GarnetServerOptions
        {
            EndPoints = [options.SocketPath is { } path ? new UnixDomainSocketEndPoint(path) : options.Listen!],
            QuietMode = true,
            EnableLua = true,
            LuaOptions = new LuaOptions(),
            // Without it scripts are not atomic: increments from 20 scripts at once lost a tenth of themselves.
            LuaTransactionMode = true,
            // The default device needs a native library, and the process dies where that is missing.
            DeviceType = DeviceType.RandomAccess,
            DeviceFactoryCreator = new LocalStorageNamedDeviceFactoryCreator(deviceType: DeviceType.RandomAccess),
            MaxDatabases = 1,
            PageSize = "4m",
            IndexMemorySize = "16m",
            IndexMaxMemorySize = "1g",
            PubSubPageSize = "64k",
            // A finished job's space is used again.
            UseRevivBinsPowerOf2 = true,
            RevivifiableFraction = 0.9,
            // Expired keys go even when nobody asks for them again.
            ExpiredKeyDeletionScanFrequencySecs = 10,
        };
        if (options.SocketPath is not null)
        {
            garnet.UnixSocketPath = options.SocketPath;
            garnet.UnixSocketPermission = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        if (options.Password is not null)
        {
            garnet.AuthSettings = new PasswordAuthenticationSettings(options.Password);
        }

        if (options.TlsCertificateFile is not null)
        {
            garnet.TlsOptions = new GarnetTlsOptions(
                options.TlsCertificateFile,
                options.TlsCertificatePassword,
                clientCertificateRequired: false,
                X509RevocationMode.NoCheck,
                issuerCertificatePath: null,
                certSubjectName: null,
                certificateRefreshFrequency: 0,
                enableCluster: false,
                clientTargetHost: null);
        }

        if (options.DataDirectory is { } directory)
        {
            garnet.CheckpointDir = directory;
            garnet.EnableAOF = true;
            garnet.CommitFrequencyMs = options.CommitWindowMs;
            garnet.AofPageSize = "16m";
            garnet.AofMemorySize = "64m";
            // Beyond this the store writes a checkpoint and drops the files before it. A restart replays about as fast as
            // the store first ran, so this bounds it to some seconds.
            garnet.AofSizeLimit = "64m";
            garnet.AofSegmentSize = "64m";
            garnet.Recover = true;
            garnet.FailOnRecoveryError = true;
        }

        return garnet;
    }

    private static void Check(EmbeddedStoreOptions options)
    {
        if (options.CommitWindowMs is < 1 or > 10_000)
        {
            throw new EmbeddedStoreException($"The commit window of {options.CommitWindowMs} ms is not from 1 to 10000 ms.");
        }

        switch (options)
        {
            case { SocketPath: null, Listen: null }:
                throw new EmbeddedStoreException("The embedded store needs a socket path or an address to listen on.");
            case { SocketPath: not null, Listen: not null }:
                throw new EmbeddedStoreException("The embedded store listens on a socket or on an address, not on both.");
            case { Listen: not null, Password: null or "" }:
                throw new EmbeddedStoreException($"The embedded store listens on {options.Listen} only with a password: set one, or use a Unix socket.");
            case { Listen: { } address, TlsCertificateFile: null } when !IPAddress.IsLoopback(address.Address):
                throw new EmbeddedStoreException($"The embedded store listens on {address}, beyond this machine, only with TLS: give it a certificate, or listen on 127.0.0.1.");
            case { Listen.Port: 0 }:
                throw new EmbeddedStoreException("The embedded store needs a port from 1 to 65535.");
            case { TlsCertificateFile: { } file }:
                CheckCertificate(file, options.TlsCertificatePassword);
                break;
        }
    }

    private static void CheckCertificate(string file, string? password)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadPkcs12FromFile(file, password);
            if (!certificate.HasPrivateKey)
            {
                throw new EmbeddedStoreException($"The certificate file {file} holds no private key.");
            }
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedStoreException($"The certificate file {file} cannot be used: {error.Message.ReplaceLineEndings(" ")}", error);
        }
    }

    private static async Task PrepareSocketAsync(string path, CancellationToken cancellation)
    {
        var bytes = System.Text.Encoding.UTF8.GetByteCount(path);
        if (bytes is 0 or > SocketPathBytesMax)
        {
            throw new EmbeddedStoreException($"The socket path {path} has {bytes} bytes; the system allows 1 to {SocketPathBytesMax}: choose a shorter directory.");
        }

        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        try
        {
            PrivateDirectory.Create(directory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedStoreException($"The directory {directory} for the socket cannot be made: {error.Message}", error);
        }

        if (PrivateDirectory.IsOpen(directory))
        {
            throw new EmbeddedStoreException($"The directory {directory} for the socket is open to other users: run 'chmod 700 {directory}', or choose another.");
        }

        if (!File.Exists(path))
        {
            return;
        }

        // A socket whose owner was killed stays behind; one that somebody answers on is not ours to take.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException error)
        {
            throw new EmbeddedStoreException($"The socket {path} cannot be used: {error.Message}", error);
        }

        throw new EmbeddedStoreException($"The socket {path} is in use by another process: stop that one, or choose another path.");
    }

    // The server reports a busy port from a place where no message of ours can be added.
    private static void ProbePort(IPEndPoint address)
    {
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(address);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new EmbeddedStoreException($"Port {address.Port} on {address.Address} is taken by another process: stop that one, or choose another port.", error);
        }
        catch (SocketException error)
        {
            throw new EmbeddedStoreException($"The embedded store cannot listen on {address}: {error.Message}", error);
        }
    }

    // A wildcard address is listened on, not connected to.
    private static IPEndPoint Reachable(IPEndPoint address) => address.Address switch
    {
        var any when any.Equals(IPAddress.Any) => new IPEndPoint(IPAddress.Loopback, address.Port),
        var any when any.Equals(IPAddress.IPv6Any) => new IPEndPoint(IPAddress.IPv6Loopback, address.Port),
        _ => address,
    };
}
