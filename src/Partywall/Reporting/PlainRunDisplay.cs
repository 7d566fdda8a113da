using System.Globalization;
using Partywall.Scenarios;

namespace Partywall.Reporting;

/// <summary>Shows a run as plain lines, for pipes, files and build logs: no colours, no control codes, no redrawing.</summary>
/// <param name="output">Where to.</param>
public sealed class PlainRunDisplay(TextWriter output) : IRunDisplay
{
    /// <inheritdoc/>
    public void Begin(RunIntroduction introduction)
    {
        ArgumentNullException.ThrowIfNull(introduction);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {introduction.Seed}"));
        output.WriteLine($"target {introduction.Target}, profile {introduction.Profile}{(introduction.Store is { } store ? $", store {store}" : "")}");
        if (introduction.PlantedBug is { } bug)
        {
            output.WriteLine($"planted bug: {bug} (the target is broken on purpose)");
        }

        output.Flush();
    }

    /// <inheritdoc/>
    public async Task<T> WatchAsync<T>(string title, Func<IProgress<ScenarioProgress>, Task<T>> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        output.WriteLine($"run   {title}");
        output.Flush();
        return await run(new StageLines(output));
    }

    /// <inheritdoc/>
    public void Show(ScenarioReport scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        output.WriteLine($"{VerdictText.Word(scenario.Verdict)}  {scenario.Title}");
        if (scenario.Figures is { } figures)
        {
            output.WriteLine("      " + VerdictText.Figures(figures));
        }

        foreach (var (_, line) in VerdictText.Details(scenario))
        {
            output.WriteLine("      " + line);
        }

        output.Flush();
    }

    /// <inheritdoc/>
    public void End(RunReport report, string? directory)
    {
        ArgumentNullException.ThrowIfNull(report);
        output.WriteLine();
        var rows = report.Scenarios.Select(RowOf).Prepend(Heads).ToList();
        var widths = Heads.Select((_, column) => rows.Max(r => r[column].Length)).ToArray();
        foreach (var row in rows)
        {
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }

        output.WriteLine();
        output.WriteLine($"{VerdictText.Word(report.Verdict)}: {VerdictText.Sentence(report)}");
        if (directory is not null)
        {
            output.WriteLine($"report {directory}");
        }

        output.Flush();
    }

    /// <summary>The columns of the table of verdicts.</summary>
    internal static string[] Heads { get; } = ["scenario", "verdict", "checks", "jobs", "refused", "wait p50", "wait p99", "at once", "limit", "length"];

    /// <summary>A row of it. "At once" is the most bodies of the pool's slots, "limit" those of the tenant nearest to its own.</summary>
    internal static string[] RowOf(ScenarioReport scenario) =>
    [
        scenario.Title,
        VerdictText.Word(scenario.Verdict).ToLowerInvariant() + (scenario.IsBelowBar ? ", below our bar" : ""),
        VerdictText.Checks(scenario),
        scenario.Figures?.Accepted.ToString(CultureInfo.InvariantCulture) ?? "–",
        scenario.Figures?.Refused.ToString(CultureInfo.InvariantCulture) ?? "–",
        VerdictText.Ms(scenario.Figures?.WaitP50Ms),
        VerdictText.Ms(scenario.Figures?.WaitP99Ms),
        scenario.Figures is { } figures ? $"{figures.PeakConcurrency}/{figures.PoolSize}" : "–",
        scenario.Figures is { } all && VerdictText.Busiest(all) is { } busiest ? $"{busiest.Peak}/{busiest.Limit}" : "–",
        VerdictText.Ms(scenario.Figures?.DurationMs),
    ];

    /// <summary>A line for each new stage, and one now and then in a long one.</summary>
    private sealed class StageLines(TextWriter output) : IProgress<ScenarioProgress>
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
        private readonly Lock _gate = new();
        private string? _stage;
        private TimeSpan _lastLine;

        public void Report(ScenarioProgress value)
        {
            lock (_gate)
            {
                if (value.Stage == _stage && value.Elapsed - _lastLine < Interval)
                {
                    return;
                }

                _stage = value.Stage;
                _lastLine = value.Elapsed;
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"      {value.Elapsed.TotalSeconds,5:0.0} s  {value.Stage}: {value.Submitted} submitted, {value.Tenants.Sum(static t => t.Refused)} refused, {value.Running} of {value.PoolSize} running"));
                output.Flush();
            }
        }
    }
}
