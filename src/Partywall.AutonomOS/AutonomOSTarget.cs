using System.Diagnostics.CodeAnalysis;
using Partywall.AutonomOS.Processes;
using Partywall.Targets;

namespace Partywall.AutonomOS;

/// <summary>
/// AutonomOS as the system under test: a real <c>autonomos serve</c> and real worker processes on this host, used over
/// the HTTP API with one key and one set of connections a tenant. Thread-safe as <see cref="ITarget"/> asks.
/// </summary>
/// <remarks>
/// Needs Linux or macOS (signals, Unix sockets). The worker processes run a program of this project whose job bodies
/// report to the witness, so AutonomOS itself contains no test code. Whatever ends the run, including a kill of the
/// harness, ends its processes and removes its files.
/// </remarks>
public sealed class AutonomOSTarget : ITarget
{
    private readonly AutonomOSTargetOptions _options;
    private readonly Capabilities _capabilities = new();
    private Deployment? _deployment;
    private int _started;

    /// <summary>Prepares a target; nothing is started yet.</summary>
    /// <param name="options">What to start AutonomOS with; null for the defaults.</param>
    public AutonomOSTarget(AutonomOSTargetOptions? options = null) => _options = options ?? new AutonomOSTargetOptions();

    /// <inheritdoc/>
    public string Name => "autonomos";

    /// <summary>What was started, for tests.</summary>
    internal Deployment Deployment => _deployment ?? throw new InvalidOperationException("The target was not started.");

    /// <inheritdoc/>
    public async Task StartAsync(TargetEnvironment environment, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(environment);
        if (Interlocked.Exchange(ref _started, 1) != 0)
        {
            throw new InvalidOperationException("A target is started once.");
        }

        if (OperatingSystem.IsWindows())
        {
            throw new TargetException("The AutonomOS target needs Linux or macOS: it speaks over Unix sockets and sends signals. Use WSL, or --target model.");
        }

        _deployment = Deployment.Prepare(_options, environment);
        await _deployment.StartAsync(cancellationToken);
        _capabilities.Attach(_deployment);
    }

    /// <inheritdoc/>
    public async Task<ITenantClient> OnboardAsync(TenantSpec tenant, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        return await Deployment.OnboardAsync(tenant, cancellationToken);
    }

    /// <inheritdoc/>
    public bool TryGet<T>([NotNullWhen(true)] out T? capability)
        where T : class, ITargetCapability
    {
        capability = _capabilities as T;
        return capability is not null;
    }

    /// <summary>Stops every process in order, gives a borrowed store back, removes the run's files.</summary>
    /// <exception cref="TargetException">Something could not be ended or removed; the message says what.</exception>
    public async ValueTask DisposeAsync()
    {
        if (_deployment is not null)
        {
            await _deployment.DisposeAsync();
        }
    }
}
