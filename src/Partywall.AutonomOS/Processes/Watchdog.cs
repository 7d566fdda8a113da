using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Partywall.Targets;

namespace Partywall.AutonomOS.Processes;

/*
 * What ends the processes of a run when the harness itself is killed, and so can end nothing any more.
 *
 * A small shell process holds the reading end of a pipe whose only writing end is the harness's. It is told each process
 * id as it starts and as it ends. When the harness stops a run it says so and the watchdog leaves. When the pipe ends
 * without that word, the harness is dead, however it died: the watchdog kills what is left and removes the run's files.
 *
 * Why not PR_SET_PDEATHSIG: it fires when the *thread* that started the child ends, and the threads of a .NET process
 * come and go. Why not a launcher per process: it would stand between the harness and the process that faults strike.
 *
 * The watchdog and every child run in sessions of their own (setsid), so that Ctrl+C in a terminal reaches the
 * harness alone, which then stops the run in its order. Where there is no setsid they share the terminal's group, and
 * the children end by themselves at the same signal.
 */

/// <summary>Ends the processes of a run, and removes its files, should the harness be killed. Thread-safe.</summary>
internal sealed class Watchdog : IAsyncDisposable
{
    private const int StopMs = 2_000;

    // $1: the directory to remove; $2: the one around it, removed only when nothing else is in it; $3: the
    // witness's socket, whose directory goes the same way.
    private const string Script = """
        trap '' INT TERM HUP
        pids=' '
        while IFS= read -r line; do
          case $line in
            +*) pids="$pids${line#+} " ;;
            -*) p=${line#-}; case $pids in *" $p "*) pids="${pids%%" $p "*} ${pids#*" $p "}" ;; esac ;;
            done) exit 0 ;;
          esac
        done
        for p in $pids; do kill -KILL -- "-$p" 2>/dev/null || kill -KILL "$p" 2>/dev/null; done
        rm -rf -- "$1"
        rm -f -- "$3"
        rmdir -- "$2" "${3%/*}" 2>/dev/null
        exit 0
        """;

    private readonly Process _process;
    private readonly Lock _gate = new();
    private bool _ended;

    private Watchdog(Process process) => _process = process;

    /// <summary>Whether processes can be started in a session of their own on this machine.</summary>
    public static string? Setsid { get; } = FindSetsid();

    /// <summary>Its process id, for tests.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts it.</summary>
    /// <param name="directory">Removed with all in it when the harness is killed.</param>
    /// <param name="scratchDirectory">The directory around it; removed when nothing else is left in it.</param>
    /// <param name="witnessSocketPath">The witness's socket; removed too.</param>
    /// <exception cref="TargetException">There is no shell.</exception>
    public static Watchdog Start(string directory, string scratchDirectory, string witnessSocketPath)
    {
        var start = new ProcessStartInfo(Setsid ?? "/bin/sh") { UseShellExecute = false, RedirectStandardInput = true };
        if (Setsid is not null)
        {
            start.ArgumentList.Add("/bin/sh");
        }

        foreach (var argument in (string[])["-c", Script, "partywall-watchdog", directory, scratchDirectory, witnessSocketPath])
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            return new Watchdog(Process.Start(start)!);
        }
        catch (Win32Exception e)
        {
            throw new TargetException($"Cannot start {start.FileName}, which is to end the run's processes should partywall be killed: {e.Message}", e);
        }
    }

    /// <summary>A process has started.</summary>
    public void Started(int processId) => Tell("+" + processId.ToString(CultureInfo.InvariantCulture));

    /// <summary>A process has ended; its number may be another's from now on.</summary>
    public void Ended(int processId) => Tell("-" + processId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Lets it go: the run was stopped in order.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            Tell("done");
            _ended = true;
        }

        using var bound = new CancellationTokenSource(StopMs);
        try
        {
            await _process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Tell(string line)
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            try
            {
                _process.StandardInput.Write(line + "\n");
                _process.StandardInput.Flush();
            }
            catch (IOException)
            {
                // Somebody killed the watchdog. The run goes on without its protection.
                _ended = true;
            }
        }
    }

    private static string? FindSetsid()
    {
        string[] places = ["/usr/bin/setsid", "/bin/setsid", "/usr/local/bin/setsid"];
        return Array.Find(places, File.Exists);
    }
}
