using System.Runtime.InteropServices;
using System.Text.Json;
using Partywall.AutonomOS.Http;
using Partywall.AutonomOS.Processes;
using Partywall.Load.Submitters;
using Partywall.Targets;
using Partywall.Witness;

const int BadUsage = 64;
const int Failed = 70;

if (args is not [var name, var socket])
{
    await Console.Error.WriteLineAsync("usage: partywall-submitter NAME WITNESS-SOCKET");
    return BadUsage;
}

// It ends by a signal, or by itself when the harness is gone, however that went: the pipe to this process's standard input
// is then closed, and the witness away.
using var ending = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
SubmitterSettings settings;
try
{
    settings = SubmitterSettings.Parse(await Console.In.ReadLineAsync(ending.Token) ?? "");
}
catch (OperationCanceledException)
{
    return 0;
}
catch (JsonException)
{
    await Console.Error.WriteLineAsync("partywall-submitter: The standard input does not begin with the line that Partywall's AutonomOS target writes there. The target starts this program; it is not for the command line.");
    return BadUsage;
}

var watch = new Thread(() =>
{
    while (Console.In.ReadLine() is not null)
    {
    }

    ending.Cancel();
});
watch.IsBackground = true;
watch.Name = "harness watch";
watch.Start();
try
{
    await RunAsync(name, socket, settings, ending.Token);
    return 0;
}
catch (OperationCanceledException) when (ending.IsCancellationRequested)
{
    return 0;
}
catch (Exception e) when (e is WitnessException or TargetException)
{
    await Console.Error.WriteLineAsync("partywall-submitter: " + e.Message);
    return Failed;
}

void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ending.Cancel();
}

static async Task RunAsync(string name, string socket, SubmitterSettings settings, CancellationToken cancellation)
{
    var clients = settings.Keys.ToDictionary(
        static k => k.Key,
        k => new TenantApi(k.Key, settings.Api, k.Value, TimeSpan.FromMilliseconds(settings.CallMsMax), static _ => { }),
        StringComparer.Ordinal);
    try
    {
        await Task.WhenAll(clients.Values.Select(c => c.OpenAsync(cancellation)));
        await using var witness = await WitnessClient.ConnectAsync(socket, name, cancellation);
        await Console.Out.WriteLineAsync("partywall-submitter: ready");
        await Submitter.RunAsync(witness, clients.ToDictionary(static c => c.Key, static ITenantClient (c) => c.Value, StringComparer.Ordinal), cancellation);
    }
    finally
    {
        foreach (var client in clients.Values)
        {
            await client.DisposeAsync();
        }
    }
}
