using System.Diagnostics.CodeAnalysis;

namespace Partywall.Targets;

/// <summary>
/// A multi-tenant job system under test. It is everything the framework knows of that system:
/// start it, bring tenants in, use it through one client a tenant, stop it without a trace.
/// </summary>
/// <remarks>
/// One instance lives through one run: <see cref="StartAsync"/> once, then any number of tenants, then
/// <see cref="IAsyncDisposable.DisposeAsync"/>. What only some systems offer is a capability, asked for with
/// <see cref="TryGet{T}"/>; a scenario that needs a missing one is skipped and says so.
/// Members other than <see cref="StartAsync"/> may be called from several threads at once.
/// </remarks>
public interface ITarget : IAsyncDisposable
{
    /// <summary>The target's name as typed on the command line: lower case, no spaces.</summary>
    string Name { get; }

    /// <summary>
    /// Starts the system: <see cref="TargetEnvironment.Workers"/> workers with
    /// <see cref="TargetEnvironment.SlotsPerWorker"/> slots each, whose job bodies report to the witness at
    /// <see cref="TargetEnvironment.WitnessSocketPath"/>. Returns when a submitted job can run.
    /// </summary>
    /// <param name="environment">Where and how to run.</param>
    /// <param name="cancellationToken">Gives up the start; whatever was begun is still cleaned up by disposing.</param>
    /// <exception cref="TargetException">The system could not be started; the message says why and what to do.</exception>
    Task StartAsync(TargetEnvironment environment, CancellationToken cancellationToken);

    /// <summary>Brings a tenant in with its limits and weight, and opens a client of its own for it.</summary>
    /// <param name="tenant">The tenant. Its id must be new to the target.</param>
    /// <param name="cancellationToken">Bounds the wait.</param>
    /// <returns>A client acting as that tenant. The caller disposes it; disposing the target disposes it too.</returns>
    /// <exception cref="TargetException">The target refused the tenant; the message names the reason.</exception>
    Task<ITenantClient> OnboardAsync(TenantSpec tenant, CancellationToken cancellationToken);

    /// <summary>Asks for an optional capability by its interface, such as <see cref="IKeyInspection"/>.</summary>
    /// <typeparam name="T">The capability's interface.</typeparam>
    /// <param name="capability">The capability, when the target has it.</param>
    /// <returns>Whether the target has it. The answer does not change over the target's life.</returns>
    bool TryGet<T>([NotNullWhen(true)] out T? capability)
        where T : class, ITargetCapability;
}
