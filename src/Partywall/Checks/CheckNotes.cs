namespace Partywall.Checks;

/// <summary>
/// What a check gathers while it reads a history, and the one rule that turns it into a result: a finding fails it;
/// without one any doubt makes it inconclusive; it passes only when it looked at something.
/// </summary>
/// <param name="check">The check's name.</param>
internal sealed class CheckNotes(string check)
{
    private readonly List<Finding> _findings = [];
    private readonly List<Figure> _figures = [];
    private readonly List<string> _doubts = [];
    private int _findingCount;

    /// <summary>Notes something wrong.</summary>
    public void Find(string what, IEnumerable<int> lines, string? tenant = null, string? job = null)
    {
        _findingCount++;
        if (_findings.Count < CheckResult.FindingsMax)
        {
            _findings.Add(new Finding(what, [.. lines.Where(static l => l > 0).Distinct().Order()], tenant, job));
        }
    }

    /// <summary>Notes why the claim cannot be called proven.</summary>
    public void Doubt(string reason) => _doubts.Add(reason);

    /// <summary>Notes a number.</summary>
    public void Figure(string name, double value, string unit, string? tenant = null) =>
        _figures.Add(new Figure(name, value, unit, tenant));

    /// <summary>The result.</summary>
    /// <param name="judged">How many things the check looked at and judged. With none it cannot pass.</param>
    /// <param name="nothing">What to say when there was nothing to judge.</param>
    public CheckResult Result(long judged, string nothing)
    {
        if (judged <= 0)
        {
            _doubts.Insert(0, nothing);
        }

        return new CheckResult
        {
            Check = check,
            Verdict = _findingCount > 0 ? Verdict.Fail : _doubts.Count > 0 ? Verdict.Inconclusive : Verdict.Pass,
            Reason = _doubts.Count > 0 ? string.Join(" ", _doubts) : null,
            Findings = _findings,
            FindingCount = _findingCount,
            Figures = _figures,
        };
    }
}
