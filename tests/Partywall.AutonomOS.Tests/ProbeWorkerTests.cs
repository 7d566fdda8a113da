using System.Diagnostics;
using System.Globalization;
using Partywall.AutonomOS.Processes;
using Partywall.AutonomOS.Tests.Store;
using Partywall.History;
using Partywall.Witness;

namespace Partywall.AutonomOS.Tests;

/// <summary>The probe worker program by itself: it has nothing to live for without a harness, and says what is wrong with a command line.</summary>
public sealed class ProbeWorkerTests : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pwt-");
    private readonly WitnessServer _witness;

    public ProbeWorkerTests() => _witness = new WitnessServer(Socket, new RunClock(), static _ => { });

    private string Socket => Path.Combine(_directory.FullName, "w");

    public async ValueTask DisposeAsync()
    {
        await _witness.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Start_WithoutItsOptions_IsBadUsage()
    {
        var (exitCode, error) = await EndAsync(Start("--slots", "many"));

        Assert.Equal(64, exitCode);
        Assert.Contains("--store", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_LeaseTooShortToRenew_IsBadUsage()
    {
        var (exitCode, error) = await EndAsync(Start([.. Options(Socket), "--lease-ms", "1"]));

        Assert.Equal(64, exitCode);
        Assert.Contains("LeaseMs", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoWitness_SaysSo()
    {
        var nowhere = Path.Combine(_directory.FullName, "nowhere");

        var (exitCode, error) = await EndAsync(Start(Options(nowhere)));

        Assert.Equal(70, exitCode);
        Assert.Contains(nowhere, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HarnessClosesItsInput_WorkerEnds()
    {
        using var worker = Start(Options(Socket));
        Assert.True(await _witness.State.WaitAsync(static w => w.Processes == 1, Bound, TestContext.Current.CancellationToken));

        worker.StandardInput.Close();

        var (exitCode, error) = await EndAsync(worker);
        Assert.True(exitCode == 0, error);
    }

    [Fact]
    public async Task WitnessGoes_WorkerEnds()
    {
        using var worker = Start(Options(Socket));
        Assert.True(await _witness.State.WaitAsync(static w => w.Processes == 1, Bound, TestContext.Current.CancellationToken));

        await _witness.DisposeAsync();

        var (exitCode, error) = await EndAsync(worker);
        Assert.True(exitCode == 0, error);
    }

    // A store that is away: the worker waits for it, which must not keep it from ending.
    private static string[] Options(string witness) =>
    [
        "--store", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{RedisServer.FreePort()}"), "--witness", witness, "--name", "worker-1",
    ];

    private static Process Start(params string[] arguments)
    {
        var program = ProgramFile.Find(null, ProgramFile.WorkerPath, "The probe worker");
        return Process.Start(new ProcessStartInfo(program.FileName, [.. program.LeadingArguments, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    private static async Task<(int ExitCode, string Error)> EndAsync(Process worker)
    {
        var output = worker.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = worker.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(Bound);
        try
        {
            await worker.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            worker.Kill();
            Assert.Fail($"The worker did not end within {Bound}:\n{await output}\n{await error}");
        }

        return (worker.ExitCode, await error + await output);
    }
}
