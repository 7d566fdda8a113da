using AutonomOS.Storage;
using AutonomOS.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AutonomOS.Tests.Workers;

/// <summary>A worker as a program has it: a generic host with <c>AddAutonomOSWorker</c>. Disposing it stops it without grace.</summary>
internal sealed class TestWorker : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _stopped;

    private TestWorker(IHost host) => _host = host;

    public static async Task<TestWorker> StartAsync(StoreOptions store, Action<WorkerOptions> configure, Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        services?.Invoke(builder.Services);
        builder.Services.AddLogging(logging => logging.AddProvider(new TestOutputLogger(TestContext.Current.TestOutputHelper)));
        builder.Services.AddAutonomOSWorker(worker =>
        {
            worker.Store = store;
            worker.Seed = 1;
            configure(worker);
        });
        var host = builder.Build();
        await host.StartAsync();
        return new TestWorker(host);
    }

    /// <summary>Stops as on SIGTERM: drains.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        await _host.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            await _host.StopAsync(new CancellationToken(canceled: true));
        }

        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync();
        }
    }

    private sealed class TestOutputLogger(ITestOutputHelper? output) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => output is not null && logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            try
            {
                output?.WriteLine($"{TimeProvider.System.GetUtcNow():ss.fff} {logLevel}: {formatter(state, exception)} {exception}");
            }
            catch (InvalidOperationException)
            {
                // The test has ended; what is logged after that concerns nobody.
            }
        }

        public void Dispose()
        {
            // Nothing to let go of.
        }
    }
}
