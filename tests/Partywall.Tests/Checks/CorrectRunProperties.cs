using CsCheck;
using Partywall.Checks;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks;

/// <summary>
/// Over many made-up runs: a system that does everything right is never accused, not by any prefix of the
/// history either; and one thing put wrong is found by the check for it, and by no other.
/// </summary>
public sealed class CorrectRunProperties
{
    private const int Runs = 150;

    // Judged over all of them: every check that can fail.
    private static readonly string[] s_judged =
        [.. CheckCatalogue.All.Select(static c => c.Name).Where(static n => !n.StartsWith("harness.", StringComparison.Ordinal) && n != "errors.clear")];

    private static readonly Gen<CorrectRun> s_runs =
        Gen.Select(Gen.Int, Gen.Int[1, 4], Gen.Int[1, 40]).Select(static (seed, tenants, submissions) => CorrectRun.Simulate(seed, tenants, submissions));

    [Fact]
    public void Evaluate_CorrectRun_NothingIsFound() =>
        s_runs.Sample(static run => Accused(run.History.Build()).Length == 0, iter: Runs, print: Print);

    [Fact]
    public void Evaluate_PrefixOfACorrectRun_NothingIsFound() =>
        Gen.Select(s_runs, Gen.Double[0, 1]).Sample(
            static (run, share) =>
            {
                var events = run.History.Build().Events;
                return Accused(new HistoryData([.. events.Take(Math.Max(1, (int)(share * events.Count)))])).Length == 0;
            },
            iter: Runs,
            print: static p => Print(p.Item1));

    [Fact]
    public void Evaluate_CorrectRuns_AreJudgedAndNotShrugged()
    {
        // The properties above would hold of checks that never say anything.
        var run = CorrectRun.Simulate(7, 3, 60);

        Assert.All(["slots.bound", "slots.admission", "slots.conserved", "jobs.conserved", "jobs.once", "jobs.refused-never-ran", "jobs.order", "liveness.dispatch"], check => Judged.Passes(check, run.History));
    }

    [Fact]
    public void Evaluate_BodyBeyondTheLimit_FoundBySlotsBoundAlone() =>
        Injected(
            static (run, history, _) =>
            {
                // More long bodies of jobs that nobody counted than any limit allows, each with a submission of unknown outcome.
                var tenant = run.Jobs[0].Tenant.Id;
                for (var i = 0; i < 5; i++)
                {
                    history.Submit(tenant, $"x{i}", 5_000, ReplyKind.Unknown).Start($"x{i}", 6_000 + i).Stop($"x{i}", 7_000);
                }

                return true;
            },
            "slots.bound");

    [Fact]
    public void Evaluate_AcceptedJobLost_FoundByJobsConservedAlone() =>
        Injected(
            static (run, history, _) =>
            {
                history.Tenant("victim").Submit("victim", "lost", 30_000).Cancel("victim", "lost", 30_010).Observe("lost", 90_000, result: ReplyKind.NotFound);
                return true;
            },
            "jobs.conserved");

    [Fact]
    public void Evaluate_FinalStateThatNoBodyMade_FoundByJobsConservedAlone() =>
        Injected(
            static (run, history, random) =>
            {
                history.Tenant("victim").Submit("victim", "odd", 30_000).Cancel("victim", "odd", 30_010).Observe("odd", 90_000);
                return true;
            },
            "jobs.conserved");

    [Fact]
    public void Evaluate_JobRunTwice_FoundByJobsOnceAlone() =>
        Injected(
            static (run, history, random) =>
            {
                var completed = run.Jobs.Where(static j => j.HasBody && j.Outcome == BodyOutcome.Completed).ToList();
                if (completed.Count == 0)
                {
                    return false;
                }

                var label = completed[random.Next(completed.Count)].Label;
                history.Start(label, 60_000, attempt: 9).Stop(label, 60_000);
                return true;
            },
            "jobs.once");

    [Fact]
    public void Evaluate_RefusedAndRan_FoundByRefusedNeverRanAlone() =>
        Injected(
            static (run, history, _) =>
            {
                history.Tenant("victim", 1).Submit("victim", "full", 30_000).Refuse("victim", "no", 30_010).Cancel("victim", "full", 30_020)
                    .Observe("full", 90_000, JobState.Cancelled).Start("no", 60_000).Stop("no", 60_001);
                return true;
            },
            "jobs.refused-never-ran");

    [Fact]
    public void Evaluate_RefusedWithRoom_FoundByAdmissionAlone() =>
        Injected(
            static (run, history, _) =>
            {
                history.Tenant("victim", 2).Submit("victim", "one", 30_000).Refuse("victim", "no", 30_010).Cancel("victim", "one", 30_020)
                    .Observe("one", 90_000, JobState.Cancelled);
                return true;
            },
            "slots.admission");

    private static void Injected(Func<CorrectRun, HistoryBuilder, Random, bool> inject, string foundBy) =>
        Gen.Select(s_runs, Gen.Int).Sample(
            (run, seed) =>
            {
                if (run.Jobs.Count == 0 || !inject(run, run.History, new Random(seed)))
                {
                    return true;
                }

                return Accused(run.History.Build()) is [var only] && only == foundBy;
            },
            iter: Runs,
            print: static p => Print(p.Item1));

    private static string[] Accused(HistoryData history) =>
        [.. s_judged.Where(check => Judged.By(check, history).Verdict == Verdict.Fail)];

    private static string Print(CorrectRun run)
    {
        var history = run.History.Build();
        return string.Join(
            Environment.NewLine,
            s_judged.Select(c => Judged.By(c, history)).SelectMany(static r => r.Findings.Select(f => $"{r.Check}: {f.What} [{string.Join(',', f.Lines)}]"))
                .Concat(history.Events.Select(static (e, i) => $"{i + 1} {e}")));
    }
}
