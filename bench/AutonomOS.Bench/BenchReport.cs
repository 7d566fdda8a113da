using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace AutonomOS.Bench;

/// <summary>The spread of a figure over the repeats.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Least">The smallest.</param>
/// <param name="Most">The largest.</param>
internal sealed record Spread(double Median, double Least, double Most)
{
    public static Spread? Of(IEnumerable<double?> values)
    {
        var sorted = values.OfType<double>().Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length == 0 ? null : new Spread(sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, sorted[0], sorted[^1]);
    }
}

/// <summary>One store in one mode, in jobs a second.</summary>
internal sealed record BenchLine(string Store, string Mode, Spread? Submit, Spread? Claim, Spread? Settle, Spread? Life);

/// <summary>Life rates of the two stores in one mode, paired by repeat.</summary>
internal sealed record BenchRatio(string Mode, Spread? GarnetToRedis);

/// <summary>What the run found. Written as JSON, version 1.</summary>
internal sealed record BenchReport(int Version, string Machine, int Processors, int Jobs, int Tenants, int Repeats, IReadOnlyList<BenchLine> Lines, IReadOnlyList<BenchRatio> Ratios, IReadOnlyList<Measurement> Measurements)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static BenchReport Of(BenchOptions options, IReadOnlyList<Measurement> measured)
    {
        var lines = measured.GroupBy(m => (m.Mode, m.Store)).OrderBy(arm => arm.Key).Select(arm => new BenchLine(
            arm.Key.Store,
            arm.Key.Mode,
            Spread.Of(arm.Select(m => m.Submit)),
            Spread.Of(arm.Select(m => m.Claim)),
            Spread.Of(arm.Select(m => m.Settle)),
            Spread.Of(arm.Select(m => (double?)m.Life)))).ToList();
        var ratios = measured.GroupBy(m => m.Mode, StringComparer.Ordinal).OrderBy(mode => mode.Key, StringComparer.Ordinal).Select(mode => new BenchRatio(
            mode.Key,
            Spread.Of(mode.Where(m => m.Store == "garnet").Zip(mode.Where(m => m.Store == "redis"), (garnet, redis) => (double?)(garnet.Life / redis.Life))))).ToList();
        return new BenchReport(1, $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}", Environment.ProcessorCount, options.Jobs, options.Tenants, options.Repeats, lines, ratios, measured);
    }

    public string Table()
    {
        var table = new StringBuilder();
        table.AppendLine(CultureInfo.InvariantCulture, $"{Jobs:N0} jobs over {Tenants:N0} tenants, {Repeats} repeats, {Processors} processors shared by client and store; jobs/s as median (least to most)");
        table.AppendLine(CultureInfo.InvariantCulture, $"{"mode",-8}{"store",-8}{"submit",-28}{"claim",-28}{"settle",-28}whole life");
        foreach (var line in Lines)
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"{line.Mode,-8}{line.Store,-8}{Rate(line.Submit),-28}{Rate(line.Claim),-28}{Rate(line.Settle),-28}{Rate(line.Life)}");
        }

        foreach (var ratio in Ratios.Where(ratio => ratio.GarnetToRedis is not null))
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"garnet / redis, {ratio.Mode}: {ratio.GarnetToRedis!.Median:F2} ({ratio.GarnetToRedis.Least:F2} to {ratio.GarnetToRedis.Most:F2})");
        }

        return table.ToString();
    }

    public async Task WriteAsync(FileInfo file, CancellationToken cancellation)
    {
        file.Directory!.Create();
        await File.WriteAllTextAsync(file.FullName, JsonSerializer.Serialize(this, Json) + "\n", cancellation);
    }

    private static string Rate(Spread? rate) => rate is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{rate.Median:N0} ({rate.Least:N0} to {rate.Most:N0})");
}
