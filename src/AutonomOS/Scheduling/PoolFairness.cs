using System.Runtime.InteropServices;

namespace AutonomOS.Scheduling;

/// <summary>How far apart the tenants of a pool are at one instant, beside how far they may be.</summary>
/// <param name="Pool">The pool.</param>
/// <param name="Ready">Tenants that could start something now.</param>
/// <param name="GapMs">
/// Slot time ÷ weight, in milliseconds, by which the ready tenant furthest ahead leads the one furthest behind: the
/// spread of the start tags. 0 with fewer than two ready tenants.
/// </param>
/// <param name="BoundMs">
/// What the gap between these two may be at the worst, in milliseconds: (3N + 1)(L_f/φ_f + L_g/φ_g), N the slots of the
/// pool's workers, L the tenants' longest attempts so far, φ their weights; derived in <c>docs/fair-dispatch.md</c>.
/// </param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PoolFairness(string Pool, int Ready, double GapMs, double BoundMs);
