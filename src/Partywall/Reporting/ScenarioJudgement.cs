using Partywall.Checks;
using Partywall.History;
using Partywall.Scenarios;

namespace Partywall.Reporting;

/// <summary>Makes a scenario's part of the report from its history. A run and <c>partywall check</c> both come through here.</summary>
public static class ScenarioJudgement
{
    /// <summary>Judges what a run left behind.</summary>
    /// <param name="result">What became of the run.</param>
    /// <param name="reportDirectory">The report's directory, to which paths are made relative.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<ScenarioReport> JudgeAsync(VariantResult result, string reportDirectory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        var report = new ScenarioReport
        {
            Name = result.Scenario.Name,
            Variant = result.Variant.Name,
            Claim = result.Scenario.Claim,
            Why = result.Variant.Why,
            Verdict = result.Status == VariantStatus.Skipped ? Verdict.Skipped : Verdict.Inconclusive,
            Reason = result.Reason,
            History = Relative(result.HistoryPath),
            Logs = Relative(result.LogDirectory),
            Checks = [],
        };
        if (result.HistoryPath is null)
        {
            return report;
        }

        try
        {
            return Judge(await HistoryData.LoadAsync(result.HistoryPath, cancellationToken), report);
        }
        catch (HistoryException e)
        {
            return report with { Reason = e.Message };
        }

        string? Relative(string? path) => path is null ? null : Path.GetRelativePath(reportDirectory, path);
    }

    /// <summary>Judges a recorded history.</summary>
    /// <param name="history">The history.</param>
    /// <param name="path">Its file, as it is to stand in the report.</param>
    public static ScenarioReport Judge(HistoryData history, string? path)
    {
        ArgumentNullException.ThrowIfNull(history);
        var known = ScenarioCatalogue.All.FirstOrDefault(s => s.Name == history.Header.Scenario);
        return Judge(history, new ScenarioReport
        {
            Name = history.Header.Scenario,
            Variant = history.Header.Variant,
            Claim = known?.Claim,
            Verdict = Verdict.Inconclusive,
            Reason = history.Cut is { } cut ? char.ToUpperInvariant(cut[0]) + cut[1..] + "." : history.End?.Reason,
            History = path,
            Checks = [],
        });
    }

    private static ScenarioReport Judge(HistoryData history, ScenarioReport report)
    {
        var verdict = HistoryJudge.Judge(history);
        return report with { Verdict = verdict.Verdict, Checks = verdict.Checks, Figures = ScenarioFigures.Of(history) };
    }
}
