using System.CommandLine;
using AutonomOS.Jobs;

namespace Partywall.AutonomOS.ProbeWorker;

/// <summary>The worker's command line.</summary>
internal static class CommandLine
{
    /// <summary>Reads the arguments.</summary>
    /// <param name="run">Runs the worker with what was read.</param>
    public static RootCommand Build(Func<ProbeWorkerSettings, CancellationToken, Task<int>> run)
    {
        var store = new Option<string>("--store") { Description = "The store: HOST:PORT or unix:/path. Its password, if it has one, by AUTONOMOS_STORE_PASSWORD.", Required = true };
        var witness = new Option<string>("--witness") { Description = "The Unix socket of the witness.", Required = true };
        var name = new Option<string>("--name") { Description = "This process's name in the run.", Required = true };
        var pool = new Option<string>("--pool") { Description = "The pool to work for.", DefaultValueFactory = static _ => JobSubmission.DefaultPool };
        var slots = new Option<int>("--slots") { Description = "Jobs run at once.", DefaultValueFactory = static _ => 10 };
        var reserve = new Option<int>("--reserve") { Description = "Slots kept for tenants that run nothing." };
        var lease = new Option<int>("--lease-ms") { Description = "Length of a lease, in milliseconds.", DefaultValueFactory = static _ => 8000 };
        var seed = new Option<int>("--seed") { Description = "The seed of this worker's jitter." };
        var plant = new Option<Plant>("--plant") { Description = "A bug to have on purpose.", Hidden = true };
        var root = new RootCommand("An AutonomOS worker whose job bodies report to Partywall's witness. It ends when the witness goes away or its standard input is closed.")
        {
            store, witness, name, pool, slots, reserve, lease, seed, plant,
        };
        root.SetAction((ParseResult parsed, CancellationToken cancellation) => run(
            new ProbeWorkerSettings(
                parsed.GetRequiredValue(store),
                parsed.GetRequiredValue(witness),
                parsed.GetRequiredValue(name),
                parsed.GetRequiredValue(pool),
                parsed.GetRequiredValue(slots),
                parsed.GetValue(reserve),
                parsed.GetRequiredValue(lease),
                parsed.GetValue(seed),
                parsed.GetValue(plant)),
            cancellation));
        return root;
    }
}
