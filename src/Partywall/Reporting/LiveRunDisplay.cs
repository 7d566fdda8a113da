using System.Globalization;
using Partywall.Checks;
using Partywall.Scenarios;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Partywall.Reporting;

/// <summary>Shows a run in a terminal: each tenant's slots as they fill and free, redrawn in place.</summary>
/// <param name="console">The terminal.</param>
public sealed class LiveRunDisplay(IAnsiConsole console) : IRunDisplay
{
    // Lines of a terminal that are not for tenants: title, counts, spacing, the shell's own.
    private const int OtherLines = 7;
    private const int CellWidth = 50;
    private const int BarMax = 8;
    private const int WidthOfFigures = 125;

    /// <inheritdoc/>
    public void Begin(RunIntroduction introduction)
    {
        ArgumentNullException.ThrowIfNull(introduction);
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]seed[/] [bold]{introduction.Seed}[/]");
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[grey]target[/] {introduction.Target}[grey], profile[/] {introduction.Profile}[grey]{(introduction.Store is null ? "" : ", store ")}[/]{introduction.Store ?? ""}");
        if (introduction.PlantedBug is { } bug)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[yellow]planted bug: {bug}[/] [grey](the target is broken on purpose)[/]");
        }

        console.WriteLine();
    }

    /// <inheritdoc/>
    public async Task<T> WatchAsync<T>(string title, Func<IProgress<ScenarioProgress>, Task<T>> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return await console.Live(new Markup($"[bold]{Markup.Escape(title)}[/]"))
            .AutoClear(true)
            .Overflow(VerticalOverflow.Crop)
            .StartAsync(context => run(new Redraw(context, console)));
    }

    /// <inheritdoc/>
    public void Show(ScenarioReport scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        console.MarkupLine($"{Badge(scenario.Verdict)} [bold]{Markup.Escape(scenario.Title)}[/]");
        if (scenario.Figures is { } figures)
        {
            Indented($"[grey]{Markup.Escape(VerdictText.Figures(figures))}[/]", 2);
        }

        foreach (var (verdict, line) in VerdictText.Details(scenario))
        {
            var text = line.TrimStart();
            Indented($"[{ColorOf(verdict)}]{Markup.Escape(text)}[/]", 2 + line.Length - text.Length);
        }
    }

    /// <inheritdoc/>
    public void End(RunReport report, string? directory)
    {
        ArgumentNullException.ThrowIfNull(report);
        // In a narrow terminal the figures stand above already, under each verdict; the table then keeps to the verdicts.
        var columns = console.Profile.Width < WidthOfFigures ? 3 : PlainRunDisplay.Heads.Length;
        var table = new Table().Border(TableBorder.Simple);
        for (var column = 0; column < columns; column++)
        {
            table.AddColumn(new TableColumn(PlainRunDisplay.Heads[column]) { NoWrap = true, Alignment = column < 2 ? Justify.Left : Justify.Right });
        }

        foreach (var scenario in report.Scenarios)
        {
            var row = PlainRunDisplay.RowOf(scenario);
            table.AddRow(row.Take(columns).Select((cell, column) => (IRenderable)new Markup(column == 1 ? $"[{ColorOf(scenario.Verdict)}]{Markup.Escape(cell)}[/]" : Markup.Escape(cell))));
        }

        console.Write(table);
        console.MarkupLine($"{Badge(report.Verdict)} {Markup.Escape(VerdictText.Sentence(report))}");
        if (directory is not null)
        {
            // Unwrapped, so that it can be copied.
            console.Profile.Out.Writer.WriteLine("report " + directory);
        }
    }

    private void Indented(string markup, int by) => console.Write(new Padder(new Markup(markup), new Padding(by, 0, 0, 0)));

    private static string Badge(Verdict verdict) => $"[bold {ColorOf(verdict)}]{VerdictText.Word(verdict)}[/]";

    private static string ColorOf(Verdict verdict) => verdict switch
    {
        Verdict.Pass => "green",
        Verdict.Fail => "red",
        Verdict.Inconclusive => "yellow",
        _ => "grey",
    };

    private sealed class Redraw(LiveDisplayContext context, IAnsiConsole console) : IProgress<ScenarioProgress>
    {
        private readonly Lock _gate = new();

        public void Report(ScenarioProgress value)
        {
            lock (_gate)
            {
                context.UpdateTarget(Picture(value));
            }
        }

        private Rows Picture(ScenarioProgress value)
        {
            var title = value.Variant.Length == 0 ? value.Scenario : $"{value.Scenario} ({value.Variant})";
            var rows = new List<IRenderable>
            {
                new Markup(string.Create(CultureInfo.InvariantCulture, $"[bold]{Markup.Escape(title)}[/]  [aqua]{Markup.Escape(value.Stage)}[/]  [grey]{value.Elapsed.TotalSeconds:0.0} s[/]")),
                new Markup(string.Create(
                    CultureInfo.InvariantCulture,
                    $"[grey]submitted[/] {value.Submitted} of {Math.Max(value.Expected, value.Submitted)}   [grey]refused[/] {value.Tenants.Sum(static t => t.Refused)}   [grey]waiting[/] {value.Tenants.Sum(static t => t.Waiting)}   [grey]running[/] {value.Running} of {value.PoolSize} slots")),
                Text.Empty,
            };
            var columns = Math.Max(1, console.Profile.Width / CellWidth);
            var lines = Math.Max(1, console.Profile.Height - OtherLines);
            var shown = Math.Min(value.Tenants.Count, columns * lines);
            var grid = new Grid();
            for (var column = 0; column < columns; column++)
            {
                grid.AddColumn(new GridColumn { Width = CellWidth - 2, NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
            }

            // Down first, then across: a reader looks for a tenant in the order of names.
            var rowsNeeded = (shown + columns - 1) / columns;
            for (var line = 0; line < rowsNeeded; line++)
            {
                grid.AddRow([.. Enumerable.Range(0, columns).Select(column => (column * rowsNeeded) + line).Select(i =>
                    i < shown ? Tenant(value.Tenants[i]) : (IRenderable)Text.Empty)]);
            }

            rows.Add(grid);
            if (shown < value.Tenants.Count)
            {
                rows.Add(new Markup($"[grey]and {value.Tenants.Count - shown} more tenants[/]"));
            }

            return new Rows(rows);
        }

        private static Markup Tenant(TenantProgress tenant)
        {
            var cells = Math.Min(BarMax, Math.Max(tenant.Limit, tenant.Running));
            var filled = tenant.Limit <= BarMax ? Math.Min(cells, tenant.Running) : cells * tenant.Running / Math.Max(tenant.Limit, tenant.Running);
            var color = tenant.Running > tenant.Limit ? "red" : tenant.Running == tenant.Limit ? "yellow" : "green";
            var name = tenant.Tenant.Length > 14 ? tenant.Tenant[..13] + "…" : tenant.Tenant;
            return new Markup(string.Create(
                CultureInfo.InvariantCulture,
                $"{Markup.Escape(name.PadRight(14))} [{color}]{new string('■', filled)}[/][grey]{new string('□', cells - filled)}{new string(' ', BarMax - cells)}[/] {tenant.Running,2}/{tenant.Limit,-2} [grey]{tenant.Waiting,4} wait {tenant.Refused,4} ref[/]"));
        }
    }
}
