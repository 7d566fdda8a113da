using System.Net.Sockets;
using AutonomOS.Archiving;
using AutonomOS.Host.Api;
using AutonomOS.Host.Commands;
using AutonomOS.Reconciliation;
using AutonomOS.Records;
using AutonomOS.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AutonomOS.Host.Serving;

/// <summary>
/// <c>autonomos serve</c> from start to stop: data directory, embedded store, records, admin key, connection, API, and
/// the same backwards. What was started is stopped whatever goes wrong after it.
/// </summary>
internal static class ServeHost
{
    public static async Task RunAsync(ServeOptions options, TextWriter output, CancellationToken stop)
    {
        var data = DataDirectory.Open(options.Data);
        using var loggers = LoggerFactory.Create(logging => logging.AddPlainConsole(options.LogLevel));
        await using var embedded = options.Store.IsEmbedded
            ? await EmbeddedStoreRun.StartAsync(data, null, options.CommitWindowMs, null, null, loggers, stop)
            : null;
        using var records = options.Records.Open(data.Records);
        await records.MigrateAsync(stop);
        var adminKey = await AdminKey.LoadAsync(data, stop);
        var store = embedded?.Store.Connection ?? new StoreOptions
        {
            Endpoint = options.Store.Endpoint!,
            Password = options.StorePassword,
            Tls = options.StoreTls,
        };
        await using var connection = await StoreConnection.ConnectAsync(
            store with { ClientName = "autonomos-serve" }, TimeProvider.System, loggers.CreateLogger<StoreConnection>(), stop);
        await using var jobs = new RedisJobStore(connection, TimeProvider.System, logger: loggers.CreateLogger<RedisJobStore>());

        await using var app = Build(options, store, connection, jobs, records, adminKey);
        await StartAsync(app, options.Listen, stop);
        try
        {
            if (embedded is not null)
            {
                await output.WriteLineAsync($"autonomos: store {store.Endpoint}");
            }

            await output.WriteLineAsync($"autonomos: listening on {app.Urls.Single()}");
            await output.FlushAsync(CancellationToken.None);
            await Stopped(app, stop);
        }
        finally
        {
            await app.StopAsync(CancellationToken.None);
        }

        ThrowIfALoopFailed(app);
    }

    /// <summary>The host stops by itself when one of its loops ends in an error; that is no ordinary end.</summary>
    private static void ThrowIfALoopFailed(WebApplication app)
    {
        foreach (var loop in app.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            if (loop.ExecuteTask is { IsFaulted: true, Exception.InnerException: { } error })
            {
                throw new InvalidOperationException($"{loop.GetType().Name} failed: {error.Message}", error);
            }
        }
    }

    private static WebApplication Build(ServeOptions options, StoreOptions store, StoreConnection connection, RedisJobStore jobs, RecordsDatabase records, AdminKey adminKey)
    {
        // Empty: nothing is taken from environment variables or files that happen to lie about.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "autonomos", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddPlainConsole(options.LogLevel);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options.Listen));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.DrainSeconds));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(connection);
        builder.Services.AddSingleton<IJobStore>(jobs);
        builder.Services.AddSingleton<IWorkStore>(jobs);
        builder.Services.AddSingleton(adminKey);
        builder.Services.AddSingleton(new TenantRateLimits(options.Rates));
        builder.Services.AddAutonomOSRecords(records);
        var finished = new FinishedJobsOptions { LiveMs = options.LiveSeconds * 1000L };
        builder.Services.AddAutonomOSArchiving(finished);
        builder.Services.AddAutonomOSReconciler(new ReconcilerOptions { Finished = finished });
        builder.Services.AddApiDocument();
        if (options.Workers > 0)
        {
            builder.Services.AddAutonomOSWorker(worker =>
            {
                worker.Store = store with { ClientName = "autonomos-demo" };
                worker.Slots = options.Workers;
                worker.DrainGraceMs = options.DrainSeconds * 1000;
                DemoJobs.Add(worker);
            });
        }

        var app = builder.Build();
        app.UseMiddleware<ApiErrors>();
        app.UseRouting();
        app.UseMiddleware<ApiGate>();
        app.MapHealth();
        app.MapTenants();
        app.MapAdmin();
        app.MapAudit();
        app.MapJobs();
        app.MapCancel();
        app.MapJobEvents();
        app.MapOpenApi("/openapi/{documentName}.json");
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, ListenAddress listen)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = ApiLimits.AnyBodyBytesMax;
        kestrel.Limits.MaxRequestHeadersTotalSize = ApiLimits.HeaderBytesMax;
        kestrel.Limits.MaxRequestHeaderCount = ApiLimits.HeadersMax;
        kestrel.Limits.MaxRequestLineSize = ApiLimits.RequestLineBytesMax;
        kestrel.Limits.MaxConcurrentConnections = ApiLimits.ConnectionsMax;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        if (listen.EndPoint is { } address)
        {
            kestrel.Listen(address, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        }
        else
        {
            kestrel.ListenUnixSocket(listen.SocketPath!, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        }
    }

    private static async Task StartAsync(WebApplication app, ListenAddress listen, CancellationToken stop)
    {
        if (listen.SocketPath is { } path)
        {
            await RemoveDeadSocketAsync(path, stop);
        }

        try
        {
            await app.StartAsync(stop);
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            throw InUse(listen, error);
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            throw new StartException($"Cannot listen on {listen}: {error.Message} Choose another address with --listen.", error);
        }

        if (listen.SocketPath is { } socket && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>A socket whose owner was killed stays behind; one that somebody answers on is not ours to take.</summary>
    private static async Task RemoveDeadSocketAsync(string path, CancellationToken stop)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException error)
        {
            throw new StartException($"{path} is there and no socket that can be used: {error.Message} Choose another path with --listen.", error);
        }

        throw InUse(new ListenAddress(null, path), null);
    }

    private static StartException InUse(ListenAddress listen, Exception? error) => listen.EndPoint is { } address
        ? new StartException($"Port {address.Port} on {address.Address} is in use. Stop what listens there, or choose another with --listen {address.Address}:PORT (0 takes a free one).", error)
        : new StartException($"The socket {listen.SocketPath} is in use by another process. Stop that one, or choose another path with --listen.", error);

    private static async Task Stopped(WebApplication app, CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var signal = stop.Register(() => stopped.TrySetResult());
        await using var own = app.Lifetime.ApplicationStopping.Register(() => stopped.TrySetResult());
        await stopped.Task;
    }
}
