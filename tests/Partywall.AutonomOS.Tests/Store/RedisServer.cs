using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Partywall.AutonomOS.Tests.Store;

/// <summary>A redis-server process of the test's own, on a loopback port, keeping nothing.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly DirectoryInfo _directory;
    private bool _isDisposed;

    private RedisServer(Process process, DirectoryInfo directory, int port)
    {
        _process = process;
        _directory = directory;
        Endpoint = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    public string Endpoint { get; }

    /// <summary>Starts one, or skips the test (fails it under CI=true) where there is no redis-server.</summary>
    public static async Task<RedisServer> StartAsync()
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(static d => Path.Combine(d, "redis-server"))
            .FirstOrDefault(File.Exists);
        if (program is null)
        {
            const string Missing = "redis-server is not on the PATH: Debian and Ubuntu have it as the package redis-server.";
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", Missing);
            Assert.Skip(Missing);
        }

        var directory = Directory.CreateTempSubdirectory("pwr-");
        var port = FreePort();
        var process = Process.Start(new ProcessStartInfo(program)
        {
            ArgumentList =
            {
                "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory.FullName,
            },
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        var server = new RedisServer(process, directory, port);
        using var bound = new CancellationTokenSource(StartMax);
        while (await process.StandardOutput.ReadLineAsync(bound.Token) is { } line)
        {
            if (line.Contains("ready to accept connections", StringComparison.OrdinalIgnoreCase))
            {
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return server;
            }
        }

        await server.DisposeAsync();
        throw new InvalidOperationException("redis-server ended before it was ready.");
    }

    /// <summary>A loopback port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _directory.Delete(recursive: true);
    }

    private void OnExit(object? sender, EventArgs e) => _process.Kill();
}
