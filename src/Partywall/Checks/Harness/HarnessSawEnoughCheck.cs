using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Harness;

/*
 * Ten tenants that never overlap prove nothing about isolation. What a run must have shown before anything is concluded
 * from it stands in its header (see RunDemands); here each demand is looked for in what was witnessed. A demand that is
 * not met is never the system's failure: it makes the run inconclusive.
 */

/// <summary>The run showed what it must have shown to be fit to judge by: tenants at their limits, overlap, refusals, completions, probes.</summary>
public sealed class HarnessSawEnoughCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "harness.saw-enough";

    /// <inheritdoc/>
    public string Claim => "The run showed what it must to be fit to judge by.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var demands = history.Header.Demands;
        var bodies = BodyRun.Of(history);
        var operations = Operation.Of(history);
        var (peaks, overlapping) = Concurrency(bodies);
        DemandLimits(history, peaks, notes);
        Demand(notes, "tenants running at once", overlapping, demands.TenantsOverlapping, "tenants");
        Demand(notes, "refused for quota", operations.Count(static o => o is { Asked.Kind: OperationKind.Submit, Answer: { Result: ReplyKind.Refused, Code: RefusalCode.QuotaExceeded } }), demands.RefusedAtLeast, "submissions");
        Demand(notes, "completed", Completed(history, bodies), demands.CompletedAtLeast, "jobs");
        Demand(notes, "probes with a control", Probes(operations), demands.ProbesAtLeast, "probes");
        Demand(notes, "keys seen", history.Of<KeysInspected>().Sum(static k => k.Total), demands.KeysAtLeast, "keys");
        DemandRaces(history, operations, notes);
        return notes.Result(operations.Count(static o => o.Answer is { Result: ReplyKind.Ok }), "No operation ever succeeded.");
    }

    private static void Demand(CheckNotes notes, string what, int seen, int atLeast, string unit)
    {
        notes.Figure(what, seen, unit);
        if (seen < atLeast)
        {
            notes.Doubt($"{what}: {seen}, but at least {atLeast} {unit} are needed to conclude anything.");
        }
    }

    private static void DemandLimits(HistoryData history, Dictionary<string, int> peaks, CheckNotes notes)
    {
        var limits = history.Of<TenantOnboarded>().ToDictionary(static t => t.Tenant, static t => t.MaxConcurrent, StringComparer.Ordinal);
        var below = history.Header.Demands.AtLimit
            .Where(tenant => peaks.GetValueOrDefault(tenant) < limits.GetValueOrDefault(tenant, int.MaxValue))
            .Select(tenant => limits.TryGetValue(tenant, out var limit)
                ? $"{tenant} ({peaks.GetValueOrDefault(tenant)} of {limit})"
                : $"{tenant} (never brought in)")
            .ToList();
        if (below.Count > 0)
        {
            notes.Doubt($"{below.Count} tenant(s) were never seen with as many bodies as their limit, such as {string.Join(", ", below.Take(3))}: that the limit holds was not tried.");
        }
    }

    /// <summary>
    /// Processes that were to race did so only if their calls were under way at the same time: for each tenant, calls of all
    /// the processes at one moment, and at least half of all the calls beside one of another process.
    /// </summary>
    private static void DemandRaces(HistoryData history, IReadOnlyList<Operation> operations, CheckNotes notes)
    {
        var submitters = history.Of<SubmittersStarted>().ToList();
        notes.Figure("submitter processes", submitters.Sum(static s => s.Processes.Count), "processes");
        foreach (var (started, tenant) in submitters.SelectMany(static s => s.Tenants.Select(tenant => (s, tenant))))
        {
            var calls = operations
                .Where(o => o.Asked.Tenant == tenant && o.Asked.Process is { } process && started.Processes.Contains(process, StringComparer.Ordinal))
                .DistinctBy(static o => (o.Asked.Batch, o.Asked.Batch is null ? o.Asked.Operation : 0))
                .ToList();
            var overlap = ProcessOverlap.Of(calls);
            notes.Figure("calls from submitter processes", calls.Count, "calls", tenant);
            notes.Figure("calls beside another process's", overlap.Beside, "calls", tenant);
            if (overlap.ProcessesAtOnce < started.Processes.Count || overlap.Beside * 2 < calls.Count || calls.Count == 0)
            {
                notes.Doubt(
                    $"{tenant}: {overlap.ProcessesAtOnce} of {started.Processes.Count} submitter processes had calls under way at one moment, and {overlap.Beside} of {calls.Count} calls were beside one of another process: they did not race.");
            }
        }
    }

    private static int Completed(HistoryData history, IReadOnlyList<BodyRun> bodies)
    {
        var witnessed = bodies.Where(static b => b.Stop is { Outcome: BodyOutcome.Completed }).Select(static b => (b.Start.Tenant, b.Start.Job)).ToHashSet();
        return history.Of<JobObserved>().Where(static j => j is { Result: ReplyKind.Ok, State: JobState.Completed })
            .Select(static j => (j.Tenant, j.Job)).Distinct().Count(witnessed.Contains);
    }

    private static int Probes(IReadOnlyList<Operation> operations) =>
        operations.Where(static o => o.Asked.Probe is not null).GroupBy(static o => o.Asked.Probe!.Value)
            .Count(static probe => probe.Any(static o => o.Asked.Purpose == OperationPurpose.Stranger && o.Answer is not null)
                && probe.Any(static o => o is { Asked.Purpose: OperationPurpose.Owner, Result: ReplyKind.Ok }));

    /// <summary>Each tenant's most bodies at once, and the most tenants with bodies at once.</summary>
    private static (Dictionary<string, int> Peaks, int Overlapping) Concurrency(IReadOnlyList<BodyRun> bodies)
    {
        var peaks = new Dictionary<string, int>(StringComparer.Ordinal);
        var running = new Dictionary<string, int>(StringComparer.Ordinal);
        var tenants = 0;
        var overlapping = 0;
        foreach (var (_, isStart, tenant) in bodies
            .Where(static b => b.SurelyUntilNs > b.Start.AtNs)
            .SelectMany(static b => new[] { (AtNs: b.Start.AtNs, IsStart: true, b.Start.Tenant), (AtNs: b.SurelyUntilNs, IsStart: false, b.Start.Tenant) })
            .OrderBy(static m => m.AtNs).ThenBy(static m => m.IsStart))
        {
            var now = running.GetValueOrDefault(tenant) + (isStart ? 1 : -1);
            running[tenant] = now;
            tenants += (isStart, now) switch { (true, 1) => 1, (false, 0) => -1, _ => 0 };
            peaks[tenant] = Math.Max(peaks.GetValueOrDefault(tenant), now);
            overlapping = Math.Max(overlapping, tenants);
        }

        return (peaks, overlapping);
    }
}
