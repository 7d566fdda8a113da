namespace Partywall.Checks;

/// <summary>Something that is wrong, and where the history shows it.</summary>
/// <param name="What">What happened, in a sentence for people.</param>
/// <param name="Lines">The lines of the history that show it, from 1, ascending.</param>
/// <param name="Tenant">The tenant it happened to; null when it is nobody's alone.</param>
/// <param name="Job">The job it happened to; null when it is about none.</param>
public sealed record Finding(string What, IReadOnlyList<int> Lines, string? Tenant = null, string? Job = null);

/// <summary>A number a check or a scenario gives beside its verdict.</summary>
/// <param name="Name">What is measured, in lower case, such as <c>peak concurrency</c>.</param>
/// <param name="Value">The number.</param>
/// <param name="Unit">Its unit, such as <c>ms</c>, <c>jobs</c>, <c>bodies</c>.</param>
/// <param name="Tenant">The tenant it belongs to; null for the whole run.</param>
public sealed record Figure(string Name, double Value, string Unit, string? Tenant = null);
