using System.Diagnostics;
using System.Globalization;
using AutonomOS.Tests.Conformance.Stores;
using Npgsql;

[assembly: AssemblyFixture(typeof(AutonomOS.Tests.Records.Databases.PostgreSqlCluster))]

namespace AutonomOS.Tests.Records.Databases;

/// <summary>
/// A PostgreSQL server of the tests' own, on a Unix socket, as a user that is not root; started when the first test asks
/// for it. Where the machine has no PostgreSQL the tests are skipped, or failed when <c>CI</c> is <c>true</c>.
/// </summary>
public sealed class PostgreSqlCluster : IAsyncDisposable
{
    /// <summary>Owns the tables.</summary>
    public const string Owner = "autonomos_owner";

    /// <summary>What the servers work as.</summary>
    public const string Application = "autonomos_app";

    private const string Superuser = "postgres";
    private const string Unprivileged = "nobody";

    private static readonly TimeSpan StepMax = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _starting = new(1, 1);
    private TempDirectory? _directory;
    private Process? _process;
    private int _databases;

    /// <summary>What is missing to run one, or null.</summary>
    public static string? Missing { get; } = Find() is null
        ? "PostgreSQL's programs (initdb, postgres) are neither on the PATH nor under /usr/lib/postgresql: Debian and Ubuntu have them as the package postgresql."
        : null;

    private string Sockets => _directory!.File("s");

    private string Data => _directory!.File("d");

    /// <summary>Skips the test, or fails it under CI=true, where there is no PostgreSQL.</summary>
    public static void Need()
    {
        if (Missing is null)
        {
            return;
        }

        Assert.False(Environment.GetEnvironmentVariable("CI") == "true", Missing);
        Assert.Skip(Missing);
    }

    /// <summary>Makes a database that belongs to <see cref="Owner"/>, empty.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        Need();
        await StartAsync();
        var name = $"r{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name} OWNER {Owner}");
        return name;
    }

    public string ConnectionString(string role, string database, bool pooling = true) =>
        $"Host={Sockets};Database={database};Username={role};Pooling={pooling}";

    /// <summary>Runs SQL as the superuser.</summary>
    public async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(Superuser, database, pooling: false));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Runs SQL as the superuser, whom no policy binds.</summary>
    public async Task<object?> ScalarAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(Superuser, database, pooling: false));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>SIGKILL to the server, and waits until it is gone: its sessions end without a word.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    public async Task StartAsync()
    {
        await _starting.WaitAsync(StepMax);
        try
        {
            if (_process is not null)
            {
                return;
            }

            if (_directory is null)
            {
                _directory = new TempDirectory();
                await CreateAsync();
                await LaunchAsync();
                await ExecuteAsync("postgres", $"CREATE ROLE {Owner} LOGIN; CREATE ROLE {Application} LOGIN;");
            }
            else
            {
                await LaunchAsync();
            }
        }
        finally
        {
            _starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (_process is not null)
        {
            // Immediate shutdown: the server ends its sessions and leaves nothing running.
            using (var kill = Process.Start("kill", ["-QUIT", _process.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                await kill.WaitForExitAsync();
            }

            await _process.WaitForExitAsync().WaitAsync(StepMax);
            _process.Dispose();
        }

        _directory?.Dispose();
        _starting.Dispose();
    }

    private static string? Find()
    {
        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var version) ? version : 0).Select(directory => Path.Combine(directory, "bin"))
            : [];
        return debian.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(directory => File.Exists(Path.Combine(directory, "initdb")) && File.Exists(Path.Combine(directory, "postgres")));
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static ProcessStartInfo Command(string program, params string[] arguments)
    {
        string[] whole = [Path.Combine(Find()!, program), .. arguments];
        if (Environment.IsPrivilegedProcess)
        {
            whole = ["setpriv", $"--reuid={Unprivileged}", "--regid=nogroup", "--clear-groups", "--", .. whole];
        }

        return new ProcessStartInfo(whole[0], whole[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
    }

    private static async Task RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(StepMax);
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}: {await output} {await error}");
    }

    private async Task CreateAsync()
    {
        Directory.CreateDirectory(Sockets);
        Directory.CreateDirectory(Data);
        if (Environment.IsPrivilegedProcess)
        {
            File.SetUnixFileMode(_directory!.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            await RunAsync(new ProcessStartInfo("chown", [Unprivileged, Sockets, Data]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
        }

        await RunAsync(Command("initdb", "--pgdata", Data, "--username", Superuser, "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"));
    }

    private async Task LaunchAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        // Nothing here has to survive a power cut; a killed server loses nothing by fsync=off.
        var process = new Process { StartInfo = Command("postgres", "-D", Data, "-k", Sockets, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200", "-c", "shared_buffers=32MB") };
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new List<string>();
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                ready.TrySetException(new InvalidOperationException("postgres ended before it was ready: " + string.Join(Environment.NewLine, said)));
                return;
            }

            said.Add(line.Data);
            if (line.Data.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
        await ready.Task.WaitAsync(StepMax);
    }

    private void OnExit(object? sender, EventArgs e) => _process?.Kill();
}
