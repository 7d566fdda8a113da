using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AutonomOS.Host.Tests.Running;
using AutonomOS.Tests.Conformance.Stores;

namespace AutonomOS.Host.Tests;

/// <summary>What people at a terminal meet: help, mistakes, busy ports, Ctrl+C.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("", "say what to do")]
    [InlineData("serv", "serv")]
    [InlineData("serve --bogus", "--bogus")]
    [InlineData("serve --listen", "--listen")]
    [InlineData("serve --listen 8080", "'8080'")]
    [InlineData("serve --listen 127.0.0.1:70000", "port from 0 to 65535")]
    [InlineData("serve --listen example.org:80", "'example.org'")]
    [InlineData("serve --listen unix:", "unix:")]
    [InlineData("serve --listen 0.0.0.0:0", "--allow-remote")]
    [InlineData("serve --listen [::]:0", "--allow-remote")]
    [InlineData("serve --workers -1", "--workers")]
    [InlineData("serve --workers many", "'many'")]
    [InlineData("serve --commit-window-ms 0", "--commit-window-ms")]
    [InlineData("serve --store nowhere", "'nowhere'")]
    [InlineData("serve --store 127.0.0.1:0", "'127.0.0.1:0'")]
    [InlineData("serve --store a:1,password=x", "is no store")]
    [InlineData("serve --records nowhere", "sqlite")]
    [InlineData("serve --records Host=h;Database=d", "Username")]
    [InlineData("serve --records Host=h;Database=d;Username=u;Password=hunter2", "AUTONOMOS_RECORDS_PASSWORD")]
    [InlineData("serve --log-level loud", "loud")]
    [InlineData("serve extra", "extra")]
    [InlineData("work", "--store")]
    [InlineData("work --store embedded", "'embedded'")]
    [InlineData("work --store 127.0.0.1:1 --pool a{b}", "--pool")]
    [InlineData("work --store 127.0.0.1:1 --slots 0", "--slots")]
    public async Task Mistake_InTheArguments_IsOneLineAndExit64(string args, string says)
    {
        var (code, output, error) = await HostProgram.RunAsync(args.Split(' ', StringSplitOptions.RemoveEmptyEntries), workingDirectory: _directory.Path);

        Assert.Equal(64, code);
        Assert.Empty(output);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("autonomos: ", line, StringComparison.Ordinal);
        Assert.Contains(says, line, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", line, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Theory]
    [InlineData("--help", "autonomos serve --workers 5")]
    [InlineData("serve --help", "Examples:")]
    [InlineData("store --help", "Examples:")]
    [InlineData("work --help", "AddAutonomOSWorker")]
    public async Task Help_ShowsExamples(string args, string says)
    {
        var (code, output, error) = await HostProgram.RunAsync(args.Split(' '));

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
        Assert.Contains(says, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_OnABusyPort_IsOneLineThatNamesItAndLeavesNothingRunning()
    {
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        var port = ((IPEndPoint)busy.LocalEndpoint).Port;

        var (code, output, error) = await HostProgram.RunAsync(["serve", "--listen", $"127.0.0.1:{port}", "--data", _directory.File("d")]);

        Refused(code, output, error, port.ToString(CultureInfo.InvariantCulture), "--listen");
        Assert.False(File.Exists(_directory.File("d/run/store.sock")));
    }

    [Fact]
    public async Task Serve_OnADirectoryInUse_IsOneLine()
    {
        using var first = await Server.StartAsync(data: _directory.File("d"));

        var (code, output, error) = await HostProgram.RunAsync(["serve", "--listen", "127.0.0.1:0", "--data", _directory.File("d")]);

        Refused(code, output, error, _directory.File("d"), "in use");
        (await first.Admin.GetAsync("/v1/tenants")).Is(200);
    }

    [Fact]
    public async Task Serve_WithAFileForDirectory_IsOneLine()
    {
        await File.WriteAllTextAsync(_directory.File("file"), "mine", TestContext.Current.CancellationToken);

        var (code, output, error) = await HostProgram.RunAsync(["serve", "--data", _directory.File("file")]);

        Refused(code, output, error, "--data", "file");
        Assert.Equal("mine", await File.ReadAllTextAsync(_directory.File("file"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Serve_WithRecordsThatAreNoDatabase_IsOneLineAndLeavesTheFile()
    {
        Directory.CreateDirectory(_directory.File("d"));
        var garbage = string.Concat(Enumerable.Repeat("this is no database. ", 100));
        await File.WriteAllTextAsync(_directory.File("d/records.db"), garbage, TestContext.Current.CancellationToken);

        var (code, output, error) = await HostProgram.RunAsync(["serve", "--listen", "127.0.0.1:0", "--data", _directory.File("d")]);

        Refused(code, output, error, "records.db");
        Assert.Equal(garbage, await File.ReadAllTextAsync(_directory.File("d/records.db"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Serve_WithAnAdminKeyOthersCanRead_IsOneLine()
    {
        Directory.CreateDirectory(_directory.File("d"));
        await File.WriteAllTextAsync(_directory.File("d/admin.key"), "admin.0123456789abcdef", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_directory.File("d/admin.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        var (code, output, error) = await HostProgram.RunAsync(["serve", "--listen", "127.0.0.1:0", "--data", _directory.File("d")]);

        Refused(code, output, error, "chmod 600");
        Assert.DoesNotContain("0123456789abcdef", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WithAShortAdminKeyInTheEnvironment_IsOneLineWithoutIt()
    {
        var (code, output, error) = await HostProgram.RunAsync(
            ["serve", "--listen", "127.0.0.1:0", "--data", _directory.File("d")],
            new Dictionary<string, string> { ["AUTONOMOS_ADMIN_KEY"] = "tooshortkey" });

        Refused(code, output, error, "AUTONOMOS_ADMIN_KEY");
        Assert.DoesNotContain("tooshortkey", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WithAnAdminKeyInTheEnvironment_TakesItAndWritesNoFile()
    {
        const string Key = "a-key-of-the-operators-own";
        using var server = await Server.StartAsync(data: _directory.File("d"), environment: new Dictionary<string, string> { ["AUTONOMOS_ADMIN_KEY"] = Key });

        (await server.Admin.GetAsync("/v1/tenants")).Is(200);
        using var almost = server.Client(Key[..^1]);
        (await almost.GetAsync("/v1/tenants")).Refuses(401, "unauthenticated");
        Assert.False(File.Exists(_directory.File("d/admin.key")));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Serve_ToldToStop_EndsAtOnceWith0AndLeavesNoSocket(string signal)
    {
        using var server = await Server.StartAsync(["--workers", "2"], data: _directory.File("d"));
        var tenant = await server.TenantAsync();
        var job = await tenant.SubmitAsync("""{"type":"echo","pool":"idle"}""");
        await using var stream = await tenant.Api.EventsAsync($"/v1/jobs/{job}/events");
        Assert.NotNull(await stream.NextAsync());
        Assert.True(File.Exists(_directory.File("d/run/store.sock")));

        await server.Program.SignalAsync(signal);

        Assert.Null(await stream.NextAsync());
        Assert.Equal(0, await server.Program.EndAsync());
        Assert.False(File.Exists(_directory.File("d/run/store.sock")));
        Assert.DoesNotContain(" error ", server.Program.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", server.Program.Error, StringComparison.Ordinal);
        var lines = server.Program.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["autonomos: store unix:" + _directory.File("d/run/store.sock"), "autonomos: listening on " + server.Url], lines);
    }

    [Fact]
    public async Task Serve_ToldToStopBeforeItIsReady_EndsWith0()
    {
        using var program = HostProgram.Start(["serve", "--listen", "127.0.0.1:0", "--data", _directory.File("d")]);
        // The directory is made after the signals are taken over, and long before anything listens.
        using var bound = new CancellationTokenSource(HostProgram.Bound);
        while (!Directory.Exists(_directory.File("d")))
        {
            await Task.Delay(1, bound.Token);
        }

        await program.SignalAsync("TERM");

        Assert.Equal(0, await program.EndAsync());
        Assert.False(File.Exists(_directory.File("d/run/store.sock")));
    }

    [Fact]
    public async Task Serve_OnAUnixSocket_ServesThereForItsOwnerAlone()
    {
        var socket = _directory.File("api.sock");
        using var program = HostProgram.Start(["serve", "--listen", "unix:" + socket, "--data", _directory.File("d")]);
        await program.LineAsync("autonomos: listening on ");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), stop);
                return new NetworkStream(connection, ownsSocket: true);
            },
        });
        Assert.Equal("""{"status":"live"}""", await http.GetStringAsync(new Uri("http://localhost/healthz/live"), TestContext.Current.CancellationToken));

        var (code, output, error) = await HostProgram.RunAsync(["serve", "--listen", "unix:" + socket, "--data", _directory.File("d2")]);
        Refused(code, output, error, socket, "in use");

        await program.SignalAsync("TERM");
        Assert.Equal(0, await program.EndAsync());
        Assert.False(File.Exists(socket));
    }

    [Fact]
    public async Task Serve_WithALongDataPath_PutsTheSocketElsewhereAndRemovesIt()
    {
        var data = _directory.File(new string('d', 120));
        using var server = await Server.StartAsync(data: data);
        var socket = (await server.Program.LineAsync("autonomos: store unix:")).Trim();
        Assert.True(File.Exists(socket));
        var tenant = await server.TenantAsync();
        await tenant.SubmitAsync("""{"type":"echo"}""");

        await server.Program.SignalAsync("TERM");

        Assert.Equal(0, await server.Program.EndAsync());
        Assert.False(Directory.Exists(Path.GetDirectoryName(socket)));
    }

    [Fact]
    public async Task StoreServeAndWork_AsThreeProcesses_RunAJob()
    {
        using var store = HostProgram.Start(["store", "--data", _directory.File("s")]);
        var endpoint = await store.LineAsync("autonomos: store ");
        using var server = await Server.StartAsync(["--store", endpoint], data: _directory.File("d"));
        using var worker = HostProgram.Start(["work", "--store", endpoint, "--pool", "here", "--slots", "3"]);
        await worker.LineAsync("autonomos: working on pool here with 3 slots");
        var tenant = await server.TenantAsync();

        var job = await tenant.FinishedAsync(await tenant.SubmitAsync("""{"type":"sleep","pool":"here","payload":{"ms":50}}"""));

        Assert.Equal("""{"slept_ms":50}""", job["result"].GetRawText());
        foreach (var program in new[] { worker, server.Program, store })
        {
            await program.SignalAsync("TERM");
            Assert.Equal(0, await program.EndAsync());
        }

        Assert.False(File.Exists(endpoint["unix:".Length..]));
    }

    [Fact]
    public async Task Store_OverTcpWithoutAPassword_IsRefused()
    {
        var (code, output, error) = await HostProgram.RunAsync(["store", "--data", _directory.File("s"), "--listen", "127.0.0.1:16400"]);
        Refused(code, output, error, "password");
    }

    private static void Refused(int code, string output, string error, params string[] says)
    {
        Assert.True(code == 1, $"Exit code {code}: {error}");
        Assert.Empty(output);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("autonomos: ", line, StringComparison.Ordinal);
        Assert.All(says, word => Assert.Contains(word, line, StringComparison.Ordinal));
    }
}
