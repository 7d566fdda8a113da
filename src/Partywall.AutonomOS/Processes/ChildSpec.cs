namespace Partywall.AutonomOS.Processes;

/// <summary>A process to start.</summary>
/// <param name="Name">Its name in the run; the stem of its log file.</param>
/// <param name="Program">What to run.</param>
/// <param name="Arguments">Its arguments. Never a secret: every user of the machine can read them.</param>
/// <param name="Environment">Set for it beyond what it inherits; secrets go here.</param>
/// <param name="Announcements">Beginnings of lines of its standard output that are waited for.</param>
/// <param name="Input">The first line of its standard input, which stays open after it; null for none. Secrets may go here too.</param>
internal sealed record ChildSpec(
    string Name,
    ProgramFile Program,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    IReadOnlyList<string> Announcements,
    string? Input = null);
