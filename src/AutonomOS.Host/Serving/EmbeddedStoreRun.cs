using System.Net;
using AutonomOS.Embedded;
using AutonomOS.Host.Commands;

namespace AutonomOS.Host.Serving;

/// <summary>The embedded store in a data directory, with its socket, and with a private temporary directory where the data directory's path is too long for one.</summary>
internal sealed class EmbeddedStoreRun : IAsyncDisposable
{
    private readonly string? _temporary;

    private EmbeddedStoreRun(EmbeddedStore store, string? temporary)
    {
        Store = store;
        _temporary = temporary;
    }

    public EmbeddedStore Store { get; }

    /// <exception cref="EmbeddedStoreException">It cannot start; the message says why.</exception>
    public static async Task<EmbeddedStoreRun> StartAsync(DataDirectory data, ListenAddress? listen, int commitWindowMs, string? password, string? certificate, ILoggerFactory loggers, CancellationToken cancellation)
    {
        string? temporary = null;
        var socket = listen?.SocketPath;
        IPEndPoint? endPoint = null;
        if (listen?.EndPoint is { } address)
        {
            endPoint = address;
        }
        else if (socket is null)
        {
            socket = data.StoreSocket;
            if (System.Text.Encoding.UTF8.GetByteCount(socket) > EmbeddedStore.SocketPathBytesMax)
            {
                temporary = Directory.CreateTempSubdirectory("autonomos-").FullName;
                socket = Path.Combine(temporary, "store.sock");
            }
        }

        try
        {
            var store = await EmbeddedStore.StartAsync(
                new EmbeddedStoreOptions
                {
                    SocketPath = socket,
                    Listen = endPoint,
                    Password = endPoint is null ? null : password,
                    TlsCertificateFile = certificate,
                    TlsCertificatePassword = Environment.GetEnvironmentVariable(StoreCommand.CertificatePasswordVariable),
                    DataDirectory = data.Store,
                    CommitWindowMs = commitWindowMs,
                },
                loggers,
                cancellation);
            return new EmbeddedStoreRun(store, temporary);
        }
        catch
        {
            Remove(temporary);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Remove(_temporary);
    }

    private static void Remove(string? temporary)
    {
        if (temporary is not null && Directory.Exists(temporary))
        {
            Directory.Delete(temporary, recursive: true);
        }
    }
}
