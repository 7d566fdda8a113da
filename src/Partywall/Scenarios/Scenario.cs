using Partywall.Targets;

namespace Partywall.Scenarios;

/// <summary>
/// Something a multi-tenant system must not get wrong, and a way to make it show: a load under which the claim would
/// visibly be false. A scenario drives and records; it never judges. The checks it names do, from the history alone.
/// Immutable.
/// </summary>
public abstract class Scenario
{
    /// <summary>The name as typed on the command line: <c>suite/scenario</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it claims, in one sentence that can be false.</summary>
    public abstract string Claim { get; }

    /// <summary>The capabilities it cannot do without: interfaces that derive from <see cref="ITargetCapability"/>.</summary>
    public abstract IReadOnlyList<Capability> Needs { get; }

    /// <summary>The checks that judge it, by name.</summary>
    public abstract IReadOnlyList<string> Checks { get; }

    /// <summary>Its runs, each against a freshly started target and with a history of its own.</summary>
    /// <param name="size">How large.</param>
    public abstract IReadOnlyList<ScenarioVariant> Variants(ScenarioSize size);
}

/// <summary>How large a scenario is to run.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Tenants">Number of tenants instead of the profile's own; null for that. <see cref="TenantsMin"/> to <see cref="TenantsMax"/>.</param>
public sealed record ScenarioSize(RunProfile Profile, int? Tenants = null)
{
    /// <summary>The fewest tenants between which there is anything to isolate.</summary>
    public const int TenantsMin = 2;

    /// <summary>The most tenants a run is made for.</summary>
    public const int TenantsMax = 1_000;

    /// <summary>Number of tenants instead of the profile's own; null for that.</summary>
    public int? Tenants { get; } = Tenants is < TenantsMin or > TenantsMax
        ? throw new ArgumentOutOfRangeException(nameof(Tenants), Tenants, $"The number of tenants must be between {TenantsMin} and {TenantsMax}.")
        : Tenants;
}

/// <summary>A capability that a scenario needs, and the question whether a target has it.</summary>
public sealed class Capability
{
    private readonly Func<ITarget, bool> _isOffered;

    private Capability(string name, Func<ITarget, bool> isOffered)
    {
        Name = name;
        _isOffered = isOffered;
    }

    /// <summary>The interface's name without its I, such as <c>KeyInspection</c>.</summary>
    public string Name { get; }

    /// <summary>The capability behind an interface.</summary>
    /// <typeparam name="T">The interface.</typeparam>
    public static Capability Of<T>()
        where T : class, ITargetCapability => new(typeof(T).Name[1..], static target => target.TryGet<T>(out _));

    /// <summary>Whether a target has it.</summary>
    /// <param name="target">The target.</param>
    public bool IsOfferedBy(ITarget target) => _isOffered(target);
}
