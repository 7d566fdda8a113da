using System.Globalization;

namespace AutonomOS.Bench;

/// <summary>What to measure.</summary>
/// <param name="Jobs">Jobs per measurement.</param>
/// <param name="Tenants">Tenants they are spread over.</param>
/// <param name="Repeats">Repeats of every measurement.</param>
/// <param name="Output">Where the JSON goes.</param>
/// <param name="Bound">The longest the whole run may take.</param>
internal sealed record BenchOptions(int Jobs, int Tenants, int Repeats, FileInfo Output, TimeSpan Bound);

/// <summary>
/// The whole run. Stores and modes are interleaved, and their order turns with each repeat, so that a machine that grows
/// slower or faster meanwhile does so for all of them; the first round warms up and is not counted.
/// </summary>
internal static class BenchRun
{
    public static async Task<int> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(options.Bound);
        try
        {
            await using var stores = await BenchStores.StartAsync(options.Tenants, bound.Token);
            foreach (var note in stores.Notes)
            {
                Console.Error.WriteLine(note);
            }

            var measured = new List<Measurement>();
            var arms = (from store in stores.All from mode in LifeModes.All select (store, mode)).ToList();
            for (var round = 0; round <= options.Repeats; round++)
            {
                var order = arms.Skip(round % arms.Count).Concat(arms.Take(round % arms.Count));
                foreach (var (store, mode) in round % 2 == 0 ? order : order.Reverse())
                {
                    var measurement = await mode.MeasureAsync(store, round == 0 ? Math.Min(options.Jobs, 2000) : options.Jobs, bound.Token);
                    if (round > 0)
                    {
                        measured.Add(measurement);
                        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{round}/{options.Repeats} {measurement.Store} {measurement.Mode}: {measurement.Life:N0} lives/s"));
                    }
                }
            }

            var report = BenchReport.Of(options, measured);
            Console.Out.Write(report.Table());
            await report.WriteAsync(options.Output, bound.Token);
            Console.Error.WriteLine($"Written to {options.Output.FullName}.");
            return 0;
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested)
        {
            Console.Error.WriteLine(cancellation.IsCancellationRequested ? "Stopped; nothing is written." : $"The run did not end within {options.Bound.TotalSeconds} s; nothing is written. Ask for fewer --jobs or --repeats, or a longer --bound.");
            return 2;
        }
    }
}
