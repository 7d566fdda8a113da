using System.Globalization;
using System.Security.Cryptography;
using AutonomOS.Storage;
using Partywall.AutonomOS.Http;
using Partywall.AutonomOS.Store;
using Partywall.Targets;

namespace Partywall.AutonomOS.Processes;

/// <summary>
/// The processes of one run and the harness's connections to them: watchdog, host, workers, submitters, store. Started once, in
/// this order, each ready before the next; stopped in the reverse one. Thread-safe after the start.
/// </summary>
internal sealed class Deployment : IAsyncDisposable
{
    /// <summary>The host's name in the run.</summary>
    public const string HostName = "server";

    private const string HostListens = "autonomos: listening on ";
    private const string HostStore = "autonomos: store ";
    private const string SubmitterReady = "partywall-submitter: ready";
    private const string WorkerReady = "partywall-probe-worker: ready";
    private const int PollMs = 50;
    private const int BitePollMs = 2;
    private const int BiteMsMax = 15_000;
    private const int GiveBackMsMax = 10_000;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly AutonomOSTargetOptions _options;
    private readonly TargetEnvironment _environment;
    private readonly ProgramFile _hostProgram;
    private readonly ProgramFile _workerProgram;
    private readonly ProgramFile _submitterProgram;
    private readonly string _directory;
    private readonly string _adminKey = NewAdminKey();
    private readonly Lock _gate = new();
    private readonly List<ChildProcess> _workers = [];
    private readonly List<ChildProcess> _submitters = [];
    private readonly HashSet<TenantApi> _clients = [];
    private Watchdog? _watchdog;
    private ChildProcess? _host;
    private StoreProbe? _probe;
    private BorrowedStore? _borrowed;
    private RedisJobStore? _jobStore;
    private AdminApi? _admin;
    private KeyInspection? _keys;
    private SettleReplay? _settles;
    private Uri? _api;
    private bool _disposed;

    private Deployment(
        AutonomOSTargetOptions options,
        TargetEnvironment environment,
        ProgramFile hostProgram,
        ProgramFile workerProgram,
        ProgramFile submitterProgram,
        string directory)
    {
        _options = options;
        _environment = environment;
        _hostProgram = hostProgram;
        _workerProgram = workerProgram;
        _submitterProgram = submitterProgram;
        _directory = directory;
    }

    /// <summary>The processes running now, the host first.</summary>
    public IReadOnlyList<TargetProcess> Processes => [.. Children().Where(static p => !p.HasEnded).Select(static p => new TargetProcess(p.Name, p.Id))];

    /// <summary>The admin's side of the API.</summary>
    public AdminApi Admin => _admin ?? throw NotRunning();

    /// <summary>The view of the store's keys.</summary>
    public KeyInspection Keys => _keys ?? throw NotRunning();

    /// <summary>Repeated settles.</summary>
    public SettleReplay Settles => _settles ?? throw NotRunning();

    /// <summary>The API by its own description.</summary>
    public ApiSurface Surface => new(Admin.Connection, ConnectionOf);

    /// <summary>The reconciler, run from outside.</summary>
    public Reconciliation Reconciliation => new(Probe, _options.LeaseMs, _environment.TimeProvider);

    /// <summary>The harness's connection to the store.</summary>
    public StoreProbe Probe => _probe ?? throw NotRunning();

    /// <summary>The API's root.</summary>
    public Uri Api => _api ?? throw NotRunning();

    /// <summary>The watchdog's process id.</summary>
    public int WatchdogId => _watchdog?.ProcessId ?? throw NotRunning();

    /// <summary>Finds the programs and makes the run's directory; starts nothing.</summary>
    /// <exception cref="TargetException">A program is missing.</exception>
    public static Deployment Prepare(AutonomOSTargetOptions options, TargetEnvironment environment)
    {
        var host = ProgramFile.Find(options.HostProgram, ProgramFile.HostPath, "The AutonomOS host");
        var worker = ProgramFile.Find(options.WorkerProgram, ProgramFile.WorkerPath, "The probe worker");
        var submitter = ProgramFile.Find(options.SubmitterProgram, ProgramFile.SubmitterPath, "The submitter");

        // One letter: the sockets of the embedded store stand in it, and a socket's whole path has 107 bytes.
        return new Deployment(options, environment, host, worker, submitter, Path.Combine(environment.ScratchDirectory, "a"));
    }

    /// <summary>Starts everything. On failure whatever was begun is ended by disposing.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(_directory, Private);
        }

        _watchdog = Watchdog.Start(_directory, _environment.ScratchDirectory, _environment.WitnessSocketPath);
        var isEmbedded = _options.Store == AutonomOSTargetOptions.EmbeddedStore;
        if (!isEmbedded)
        {
            _probe = await ConnectAsync(_options.Store, cancellationToken);
            _borrowed = await BorrowedStore.BorrowAsync(_probe, cancellationToken);
        }

        var endpoint = await StartHostAsync(isEmbedded, cancellationToken);
        _probe ??= await ConnectAsync(endpoint, cancellationToken);
        _jobStore = new RedisJobStore(_probe.Connection, _environment.TimeProvider);
        _settles = new SettleReplay(_jobStore);
        _keys = new KeyInspection(_probe, _borrowed?.Foreign ?? new HashSet<string>(StringComparer.Ordinal));
        await StartWorkersAsync(endpoint, cancellationToken);
    }

    /// <summary>Brings a tenant in.</summary>
    /// <exception cref="TargetException">Refused, or the outcome is unknown.</exception>
    public async Task<ITenantClient> OnboardAsync(TenantSpec tenant, CancellationToken cancellationToken)
    {
        if (_borrowed is not null)
        {
            await _borrowed.NoteAsync(tenant.Id, cancellationToken);
        }

        var key = await Admin.OnboardAsync(tenant, cancellationToken);
        var client = new TenantApi(tenant.Id, Api, key, TimeSpan.FromMilliseconds(_options.CallMsMax), Closed);
        lock (_gate)
        {
            _clients.Add(client);
        }

        await client.OpenAsync(cancellationToken);
        return client;
    }

    /// <summary>Starts processes that submit for tenants, with the tenants' keys.</summary>
    /// <returns>Their names.</returns>
    /// <exception cref="TargetException">One could not be started, or a key did not work.</exception>
    public async Task<IReadOnlyList<string>> StartSubmittersAsync(int count, IReadOnlyList<string> tenantIds, CancellationToken cancellationToken)
    {
        var keys = tenantIds.ToDictionary(static t => t, t => ClientOf(t).Key, StringComparer.Ordinal);
        var settings = new SubmitterSettings(Api, _options.CallMsMax, keys).ToJson();
        var started = new List<ChildProcess>();
        lock (_gate)
        {
            for (var i = 0; i < count; i++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"submitter-{_submitters.Count + 1}");
                var submitter = ChildProcess.Start(
                    new ChildSpec(name, _submitterProgram, [name, _environment.WitnessSocketPath], EnvironmentWith(), [SubmitterReady], settings),
                    _environment.LogDirectory,
                    _watchdog!);
                _submitters.Add(submitter);
                started.Add(submitter);
            }
        }

        var bound = TimeSpan.FromMilliseconds(_options.StartMsMax);
        await Task.WhenAll(started.Select(s => s.AnnouncedAsync(SubmitterReady, bound, cancellationToken)));
        return [.. started.Select(static s => s.Name)];
    }

    /// <summary>Strikes a process and waits for the proof that it took effect.</summary>
    /// <exception cref="TargetException">There is no such running process, or no effect was seen in time.</exception>
    public async Task StrikeAsync(string name, ProcessFault fault, CancellationToken cancellationToken)
    {
        var process = Find(name) is { HasEnded: false } running
            ? running
            : throw new TargetException($"No process called {name} is running.");
        process.Signal(fault switch
        {
            ProcessFault.Kill => UnixSignal.Kill,
            ProcessFault.Terminate => UnixSignal.Terminate,
            ProcessFault.Pause => UnixSignal.Stop,
            ProcessFault.Resume => UnixSignal.Continue,
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "Not a fault."),
        });
        var time = _environment.TimeProvider;
        var begun = time.GetTimestamp();
        while (!await HasBittenAsync())
        {
            if (time.GetElapsedTime(begun) > TimeSpan.FromMilliseconds(BiteMsMax))
            {
                throw new TargetException($"{fault} of {name} (process {process.Id}) showed no effect within {BiteMsMax} ms.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(BitePollMs), time, cancellationToken);
        }

        async Task<bool> HasBittenAsync() => fault switch
        {
            ProcessFault.Pause => await ProcessState.IsStoppedAsync(process.Id, cancellationToken) is true,
            ProcessFault.Resume => await ProcessState.IsStoppedAsync(process.Id, cancellationToken) is false,
            _ => process.HasEnded,
        };
    }

    /// <summary>The process of that name, ended or not; null when there is none.</summary>
    public ChildProcess? Find(string name) => Children().Find(p => p.Name == name);

    /// <summary>Stops everything in order. What cannot be done is said at the end, after all the rest was.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        var failures = new List<string>();
        foreach (var client in _clients.ToList())
        {
            await client.DisposeAsync();
        }

        _admin?.Dispose();
        var grace = TimeSpan.FromMilliseconds(_options.StopMsMax);

        await Task.WhenAll(_submitters.Select(s => AttemptAsync(() => s.StopAsync(grace))));

        // Workers before the host: they settle or hand back what they hold while the system is still there to take it.
        await Task.WhenAll(_workers.Select(w => AttemptAsync(() => w.StopAsync(grace))));
        if (_host is not null)
        {
            await AttemptAsync(() => _host.StopAsync(grace));
        }

        if (_borrowed is not null)
        {
            await AttemptAsync(async () =>
            {
                using var bound = new CancellationTokenSource(GiveBackMsMax);
                await _borrowed.GiveBackAsync(bound.Token);
            });
            await _borrowed.DisposeAsync();
        }

        foreach (var child in Children())
        {
            await AttemptAsync(async () => await child.DisposeAsync());
        }

        if (_jobStore is not null)
        {
            await _jobStore.DisposeAsync();
        }

        if (_probe is not null)
        {
            await _probe.DisposeAsync();
        }

        await AttemptAsync(() =>
        {
            Directory.Delete(_directory, recursive: true);
            return Task.CompletedTask;
        });
        if (_watchdog is not null)
        {
            await _watchdog.DisposeAsync();
        }

        if (failures.Count > 0)
        {
            throw new TargetException("The system did not stop cleanly. " + string.Join(' ', failures));
        }

        async Task AttemptAsync(Func<Task> act)
        {
            try
            {
                await act();
            }
            catch (DirectoryNotFoundException)
            {
                // Never made.
            }
            catch (Exception e) when (e is TargetException or IOException or UnauthorizedAccessException)
            {
                lock (_gate)
                {
                    failures.Add(e.Message);
                }
            }
            catch (OperationCanceledException)
            {
                lock (_gate)
                {
                    failures.Add($"The store did not answer within {GiveBackMsMax} ms, so the run's keys are still in it; the next run on it removes them.");
                }
            }
        }
    }

    private async Task<string> StartHostAsync(bool isEmbedded, CancellationToken cancellationToken)
    {
        var endpoint = isEmbedded ? _options.Store : _options.StoreEndpointOf(HostName, _options.Store);
        string[] announcements = isEmbedded ? [HostListens, HostStore] : [HostListens];
        var spec = new ChildSpec(
            HostName,
            _hostProgram,
            ["serve", "--listen", _options.Listen, "--data", Path.Combine(_directory, "d"), "--store", endpoint],
            EnvironmentWith(("AUTONOMOS_ADMIN_KEY", _adminKey)),
            announcements);
        _host = ChildProcess.Start(spec, _environment.LogDirectory, _watchdog!);
        var bound = TimeSpan.FromMilliseconds(_options.StartMsMax);
        var listens = await _host.AnnouncedAsync(HostListens, bound, cancellationToken);
        _api = new Uri(listens.EndsWith('/') ? listens : listens + "/", UriKind.Absolute);
        _admin = new AdminApi(_api, _adminKey, TimeSpan.FromMilliseconds(_options.CallMsMax));
        await UntilAsync(
            _host,
            async ct =>
            {
                var ready = await _admin.ReadyAsync(ct);
                return ready.Kind == ReplyKind.Ok ? null : "is not ready: " + ready.Words;
            },
            bound,
            cancellationToken);
        return isEmbedded ? await _host.AnnouncedAsync(HostStore, bound, cancellationToken) : _options.Store;
    }

    private async Task StartWorkersAsync(string endpoint, CancellationToken cancellationToken)
    {
        for (var i = 1; i <= _environment.Workers; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"worker-{i}");
            List<string> arguments =
            [
                "--store", _options.StoreEndpointOf(name, endpoint),
                "--witness", _environment.WitnessSocketPath,
                "--name", name,
                "--slots", _environment.SlotsPerWorker.ToString(CultureInfo.InvariantCulture),
                "--reserve", _environment.ReservedSlotsPerWorker.ToString(CultureInfo.InvariantCulture),
                "--lease-ms", _options.LeaseMs.ToString(CultureInfo.InvariantCulture),
                "--seed", (_environment.Seed ^ i).ToString(CultureInfo.InvariantCulture),
            ];
            if (_options.WorkerPlant is not null)
            {
                arguments.AddRange(["--plant", _options.WorkerPlant]);
            }

            var worker = ChildProcess.Start(new ChildSpec(name, _workerProgram, arguments, EnvironmentWith(), [WorkerReady]), _environment.LogDirectory, _watchdog!);
            lock (_gate)
            {
                _workers.Add(worker);
            }
        }

        var bound = TimeSpan.FromMilliseconds(_options.StartMsMax);
        await Task.WhenAll(_workers.Select(w => w.AnnouncedAsync(WorkerReady, bound, cancellationToken)));
    }

    private async Task UntilAsync(ChildProcess process, Func<CancellationToken, Task<string?>> lacks, TimeSpan bound, CancellationToken cancellationToken)
    {
        var time = _environment.TimeProvider;
        var begun = time.GetTimestamp();
        while (true)
        {
            if (process.HasEnded)
            {
                throw process.EndedEarly();
            }

            if (await lacks(cancellationToken) is not { } lack)
            {
                return;
            }

            if (time.GetElapsedTime(begun) > bound)
            {
                throw process.TooSlow(lack, bound);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(PollMs), time, cancellationToken);
        }
    }

    private Dictionary<string, string> EnvironmentWith(params (string Name, string Value)[] secrets)
    {
        var environment = secrets.ToDictionary(static s => s.Name, static s => s.Value, StringComparer.Ordinal);

        // The runtime opens diagnostic sockets in the temporary directory, and a killed process leaves them there.
        environment["TMPDIR"] = _directory;
        if (_options.StorePassword is not null)
        {
            environment["AUTONOMOS_STORE_PASSWORD"] = _options.StorePassword;
        }

        return environment;
    }

    private Task<StoreProbe> ConnectAsync(string endpoint, CancellationToken cancellationToken) => StoreProbe.ConnectAsync(
        endpoint, _options.StorePassword, _environment.TimeProvider, _options.StoreAnswerMsMax, cancellationToken);

    private List<ChildProcess> Children()
    {
        lock (_gate)
        {
            return _host is null ? [.. _workers, .. _submitters] : [_host, .. _workers, .. _submitters];
        }
    }

    private ApiConnection ConnectionOf(string tenantId) => ClientOf(tenantId).Connection;

    private TenantApi ClientOf(string tenantId)
    {
        lock (_gate)
        {
            return _clients.FirstOrDefault(c => c.TenantId == tenantId)
                ?? throw new TargetException($"The tenant {tenantId} has no client in this run.");
        }
    }

    private void Closed(TenantApi client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
        }
    }

    private static string NewAdminKey() => $"admin.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";

    private static InvalidOperationException NotRunning() => new("The system is not running.");
}
