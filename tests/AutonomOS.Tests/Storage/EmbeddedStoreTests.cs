using System.Net;
using System.Net.Sockets;
using AutonomOS.Embedded;
using AutonomOS.Storage;
using AutonomOS.Tests.Conformance.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutonomOS.Tests.Storage;

public sealed class EmbeddedStoreTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAsync_AfterCleanStop_HasAllDataAndLeftNoSocket()
    {
        var options = new EmbeddedStoreOptions { SocketPath = _directory.File("s"), DataDirectory = _directory.File("data") };
        await using (var store = await EmbeddedStore.StartAsync(options, cancellation: Ct))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(options.SocketPath));
            await using var connection = await ConnectAsync(store);
            for (var i = 0; i < 100; i++)
            {
                await connection.RunAsync(db => db.HashSetAsync("h", i, i), write: true, Ct);
            }
        }

        Assert.False(File.Exists(options.SocketPath));
        await using (var store = await EmbeddedStore.StartAsync(options, cancellation: Ct))
        {
            await using var connection = await ConnectAsync(store);
            Assert.Equal(100, await connection.RunAsync(db => db.HashLengthAsync("h"), write: false, Ct));
        }
    }

    [Fact]
    public async Task StartAsync_DataDirectoryInUse_SaysSo()
    {
        var data = _directory.File("data");
        await using var first = await EmbeddedStore.StartAsync(new() { SocketPath = _directory.File("a"), DataDirectory = data }, cancellation: Ct);

        var error = await Assert.ThrowsAsync<EmbeddedStoreException>(() => EmbeddedStore.StartAsync(new() { SocketPath = _directory.File("b"), DataDirectory = data }, cancellation: Ct));

        Assert.Contains("in use by another process", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_SocketInUse_SaysSoAndLeavesItsOwnerAlone()
    {
        var options = new EmbeddedStoreOptions { SocketPath = _directory.File("s") };
        await using var first = await EmbeddedStore.StartAsync(options, cancellation: Ct);

        var error = await Assert.ThrowsAsync<EmbeddedStoreException>(() => EmbeddedStore.StartAsync(options, cancellation: Ct));

        Assert.Contains("in use by another process", error.Message, StringComparison.Ordinal);
        await using var connection = await ConnectAsync(first);
        Assert.True(connection.IsConnected);
    }

    [Fact]
    public async Task StartAsync_SocketOfAKilledProcess_TakesItsPlace()
    {
        var path = _directory.File("s");
        // A file under the bound socket's other name outlives it as a killed process's does.
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(_directory.File("first")));
            File.Move(_directory.File("first"), path);
        }

        Assert.True(File.Exists(path));
        await using var store = await EmbeddedStore.StartAsync(new() { SocketPath = path }, cancellation: Ct);
        await using var connection = await ConnectAsync(store);
        Assert.True(connection.IsConnected);
    }

    [Fact]
    public async Task StartAsync_SocketPathTooLong_SaysSo()
    {
        var error = await Assert.ThrowsAsync<EmbeddedStoreException>(() => EmbeddedStore.StartAsync(new() { SocketPath = _directory.File(new string('x', 108)) }, cancellation: Ct));

        Assert.Contains("choose a shorter directory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_SocketDirectoryOpenToOthers_Refuses()
    {
        var open = Directory.CreateDirectory(_directory.File("open"));
        File.SetUnixFileMode(open.FullName, (UnixFileMode)0b111_101_101);

        var error = await Assert.ThrowsAsync<EmbeddedStoreException>(() => EmbeddedStore.StartAsync(new() { SocketPath = Path.Combine(open.FullName, "s") }, cancellation: Ct));

        Assert.Contains("chmod 700", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_PortTaken_SaysSo()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = (IPEndPoint)taken.LocalEndpoint;

        var error = await Assert.ThrowsAsync<EmbeddedStoreException>(() => EmbeddedStore.StartAsync(new() { Listen = address, Password = "secret" }, cancellation: Ct));

        Assert.Contains($"Port {address.Port} on 127.0.0.1 is taken", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", null, "only with a password")]
    [InlineData("0.0.0.0", "secret", "only with TLS")]
    public async Task StartAsync_UnsafeAddress_Refuses(string address, string? password, string why)
    {
        var error = await Assert.ThrowsAsync<EmbeddedStoreException>(() => EmbeddedStore.StartAsync(new() { Listen = new(IPAddress.Parse(address), FreePort()), Password = password }, cancellation: Ct));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_Tcp_DemandsItsPassword()
    {
        await using var store = await EmbeddedStore.StartAsync(new() { Listen = new(IPAddress.Loopback, FreePort()), Password = "secret" }, cancellation: Ct);

        await using var right = await ConnectAsync(store);
        Assert.True(await right.RunAsync(db => db.StringSetAsync("k", 1), write: true, Ct));

        await using var wrong = await StoreConnection.ConnectAsync(store.Connection with { Password = "wrong" }, TimeProvider.System, NullLogger.Instance, Ct);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => wrong.RunAsync(db => db.StringGetAsync("k"), write: false, Ct));
        await using var none = await StoreConnection.ConnectAsync(store.Connection with { Password = null }, TimeProvider.System, NullLogger.Instance, Ct);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => none.RunAsync(db => db.StringGetAsync("k"), write: false, Ct));
        Assert.DoesNotContain("secret", store.Connection.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_NowhereToListen_Refuses() =>
        await Assert.ThrowsAsync<EmbeddedStoreException>(() => EmbeddedStore.StartAsync(new(), cancellation: Ct));

    public void Dispose() => _directory.Dispose();

    private static Task<StoreConnection> ConnectAsync(EmbeddedStore store) =>
        StoreConnection.ConnectAsync(store.Connection with { DeadlineMs = 5000 }, TimeProvider.System, NullLogger.Instance, Ct);

    private static int FreePort()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }
}
