using Partywall.History;

namespace Partywall.Checks;

/// <summary>One body as the history shows it: from its start to its stop, or to the end of its process.</summary>
/// <param name="Start">Its start.</param>
/// <param name="StartLine">The line of its start.</param>
internal sealed record BodyRun(BodyStarted Start, int StartLine)
{
    /// <summary>Its stop; null when it never reported one.</summary>
    public BodyStopped? Stop { get; private set; }

    /// <summary>The line of its stop, or of what ended its process; 0 for none.</summary>
    public int StopLine { get; private set; }

    /// <summary>It surely ran until here: its stop, or the last sure sign of life of its process. Not bounded when neither is known.</summary>
    public long SurelyUntilNs { get; private set; } = long.MaxValue;

    /// <summary>It may have run until here: its stop, or the moment its process was known to be gone.</summary>
    public long PossiblyUntilNs { get; private set; } = long.MaxValue;

    /// <summary>Whether it ended with its process, without a word of its own.</summary>
    public bool DiedWithProcess => Stop is null && StopLine > 0;

    private string Process => Start.Process;

    /// <summary>All bodies of a history in the order of arrival. One pass.</summary>
    /// <remarks>
    /// A killed process's bodies surely ran until the kill was about to be sent, and possibly until the connection was
    /// seen to end; of a process that went by itself, they surely ran until the last thing any of its bodies said.
    /// </remarks>
    public static IReadOnlyList<BodyRun> Of(HistoryData history)
    {
        var all = new List<BodyRun>();
        var byId = new Dictionary<long, BodyRun>();
        var open = new Dictionary<string, HashSet<BodyRun>>(StringComparer.Ordinal);
        var lastSign = new Dictionary<string, long>(StringComparer.Ordinal);
        var killed = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var i = 0; i < history.Events.Count; i++)
        {
            switch (history.Events[i])
            {
                case BodyStarted started:
                    var body = new BodyRun(started, i + 1);
                    all.Add(body);
                    byId[started.Body] = body;
                    (open.TryGetValue(started.Process, out var bodies) ? bodies : open[started.Process] = new(ReferenceEqualityComparer.Instance)).Add(body);
                    Sign(started.Process, started.AtNs);
                    break;
                case BodyProgressed progressed when byId.TryGetValue(progressed.Body, out var runs):
                    Sign(runs.Process, progressed.AtNs);
                    break;
                case BodyStopped stopped when byId.TryGetValue(stopped.Body, out var ran) && ran.Stop is null:
                    ran.Stop = stopped;
                    ran.StopLine = i + 1;
                    ran.SurelyUntilNs = ran.PossiblyUntilNs = Math.Max(stopped.AtNs, ran.Start.AtNs);
                    open[ran.Process].Remove(ran);
                    Sign(ran.Process, stopped.AtNs);
                    break;
                case FaultMarked { Kind: FaultKind.ProcessKill, Mark: FaultMark.Begins, Process: { } victim } kill:
                    killed[victim] = kill.AtNs;
                    break;
                case WitnessLeft left:
                    End(left, i + 1);
                    break;
            }
        }

        return all;

        void Sign(string process, long atNs) => lastSign[process] = Math.Max(atNs, lastSign.GetValueOrDefault(process, long.MinValue));

        void End(WitnessLeft left, int line)
        {
            if (open.Remove(left.Process, out var bodies))
            {
                var sure = killed.TryGetValue(left.Process, out var killedNs) ? killedNs : lastSign[left.Process];
                foreach (var body in bodies)
                {
                    body.StopLine = line;
                    body.SurelyUntilNs = Math.Clamp(sure, body.Start.AtNs, Math.Max(left.AtNs, body.Start.AtNs));
                    body.PossiblyUntilNs = Math.Max(left.AtNs, body.Start.AtNs);
                }
            }

            lastSign.Remove(left.Process);
            killed.Remove(left.Process);
        }
    }
}
