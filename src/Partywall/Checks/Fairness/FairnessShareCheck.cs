using System.Globalization;
using Partywall.Checks.Jobs;
using Partywall.History;
using Partywall.Statistics;

namespace Partywall.Checks.Fairness;

/*
 * Each tenant's mean share of the pool, over the time in which all of them had work waiting, against the share that
 * weights and limits give it: the weighted max-min share of what was served to them all together (so that an idle pool is not
 * held against fairness; that is liveness).
 *
 * It is judged on the one who got the smallest part of its share. A mean over tenants would hide it: with one of ten
 * starved Jain's index still reads 0.90, so that is shown and not judged, and never without the throughput and each tenant's
 * waits, because a pool that serves nobody is perfectly fair.
 *
 * What is witnessed is bodies, what is shared is slots. So a tenant is called below its share only when it is so even
 * with all the hand-over its attempts may have had, and one more attempt on each of its slots for those cut at the window's edges.
 */

/// <summary>Each tenant's mean share of the pool is at least most of its weighted max-min share.</summary>
public sealed class FairnessShareCheck : ICheck
{
    /// <summary>The part of its share that each tenant must get.</summary>
    public const double PartMin = 0.8;

    /// <summary>Our own bar: the part of its share that each tenant should get.</summary>
    public const double BarPartMin = 0.98;

    /// <summary>The window must be this many times the longest attempt, or the shares in it are mostly rounding.</summary>
    public const int WindowPerAttemptMin = 10;

    /// <inheritdoc/>
    public string Name => "fairness.share";

    /// <inheritdoc/>
    public string Claim => "While all have work, each tenant gets its weighted max-min share of the pool.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        if (!history.IsComplete)
        {
            return notes.Result(0, "The run did not go through to its end, and a mean over part of it may yet even out.");
        }

        if (FairnessTerms.Of(history, notes) is not { } stated)
        {
            return notes.Result(0, "The run does not say between whom fairness is tried.");
        }

        var bodies = BodyRun.Of(history);
        var walk = new ServiceWalk(history, stated.Terms, bodies);
        if (walk.Tenants.Count < 2)
        {
            return notes.Result(0, "Fairness was tried with fewer than two tenants.");
        }

        var window = Window.Of(walk);
        if (window.Ns <= 0 || window.ServedNs.Sum() <= 0)
        {
            return notes.Result(0, "The tenants were never all served with work waiting at the same time.");
        }

        var below = Judge(history, stated, walk, window, notes);
        ShowWaits(history, stated.Terms, bodies, notes);
        var result = notes.Result(walk.Tenants.Count, "");
        return result.Verdict == Verdict.Pass ? result with { BelowBar = below } : result;
    }

    /// <returns>What is below our own bar, in words; null for nothing.</returns>
    private static string? Judge(HistoryData history, (FairnessStated Terms, int Line) stated, ServiceWalk walk, Window window, CheckNotes notes)
    {
        var tenants = walk.Tenants;
        var weights = tenants.ConvertAll(static t => (double)t.Weight);
        var limits = tenants.ConvertAll(static t => (double)t.Limits.LargestIn(long.MinValue, long.MaxValue));
        var longestNs = tenants.Max(static t => t.LongestNs);
        var servedNs = window.ServedNs.Sum();
        var due = MaxMinShare.Of(servedNs / window.Ns, weights, limits);
        var parts = new double[tenants.Count];
        var worst = 0;
        foreach (var tenant in tenants)
        {
            var i = tenant.Index;
            parts[i] = window.ServedNs[i] / window.Ns / due[i];
            worst = parts[i] < parts[worst] ? i : worst;
            var unseenNs = Math.Min(window.UnusedNs, window.Attempts[i] * (double)Nanoseconds.FromMs(stated.Terms.HandOverMs));
            var edgesNs = Math.Min(history.Header.PoolSize, limits[i]) * tenant.LongestNs;
            var mostNs = window.ServedNs[i] + unseenNs + edgesNs;
            notes.Figure("share of the pool", 100 * window.ServedNs[i] / servedNs, "%", tenant.Name);
            notes.Figure("part of its due share", 100 * parts[i], "%", tenant.Name);
            if (mostNs / window.Ns < PartMin * MaxMinShare.Of((servedNs + unseenNs) / window.Ns, weights, limits)[i])
            {
                notes.Find(
                    $"{tenant.Name} got {Percent(parts[i])} of its due share: {window.ServedNs[i] / window.Ns:0.00} of {due[i]:0.00} slots in the mean, over {window.Ns / Nanoseconds.PerMs:0} ms in which all tenants had work.",
                    [stated.Line, tenant.Line],
                    tenant.Name);
            }
        }

        notes.Figure("smallest part of a due share", 100 * parts[worst], "%");
        notes.Figure("window in which all had work", window.Ns / Nanoseconds.PerMs, "ms");
        notes.Figure("slots in use in it", servedNs / window.Ns, "slots");
        notes.Figure("attempts begun in it", window.Attempts.Sum() / (window.Ns / 1e9), "per s");
        notes.Figure("Jain's index of the parts", JainIndex.Of(parts), "");
        if (parts[worst] < PartMin)
        {
            notes.Doubt(
                $"{tenants[worst].Name} was seen to get {Percent(parts[worst])} of its due share; how much of the rest is hand-over between jobs, or cut off at the window's edges, cannot be told.");
        }

        if (window.Ns < WindowPerAttemptMin * longestNs)
        {
            notes.Doubt(
                $"All tenants had work for {window.Ns / Nanoseconds.PerMs:0} ms together, less than {WindowPerAttemptMin} times the longest attempt ({longestNs / Nanoseconds.PerMs:0} ms).");
        }

        return parts[worst] < Math.Min(BarPartMin, 1 - (2 * longestNs / window.Ns))
            ? $"{tenants[worst].Name} got {Percent(parts[worst])} of its due share (our bar is {Percent(BarPartMin)})"
            : null;
    }

    /// <summary>Each tenant's waits from submission to start, so that fairness is never shown alone.</summary>
    private static void ShowWaits(HistoryData history, FairnessStated terms, IReadOnlyList<BodyRun> bodies, CheckNotes notes)
    {
        var jobs = SubmittedJob.Of(Operation.Of(history));
        var waits = bodies.DistinctBy(static b => b.Start.Label, StringComparer.Ordinal)
            .Where(b => jobs.ContainsKey(b.Start.Label))
            .ToLookup(static b => b.Start.Tenant, b => b.Start.AtNs - (jobs[b.Start.Label].Operations[0].Asked is var asked ? asked.IntendedNs ?? asked.AtNs : 0), StringComparer.Ordinal);
        foreach (var tenant in terms.Tenants)
        {
            var sorted = waits[tenant].Order().ToList();
            foreach (var percent in sorted.Count == 0 ? [] : (int[])[50, 95, 99])
            {
                notes.Figure($"wait p{percent.ToString(CultureInfo.InvariantCulture)}", Nanoseconds.ToMs(Percentile.Of(sorted, percent)), "ms", tenant);
            }
        }
    }

    private static string Percent(double part) => (100 * part).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    /// <summary>All the time in which every tenant had work waiting, and what each got in it.</summary>
    private sealed class Window
    {
        private Window(int tenants)
        {
            ServedNs = new double[tenants];
            Attempts = new int[tenants];
        }

        public double Ns { get; private set; }

        public double UnusedNs { get; private set; }

        public double[] ServedNs { get; }

        public int[] Attempts { get; }

        public static Window Of(ServiceWalk walk)
        {
            var window = new Window(walk.Tenants.Count);
            var hasWork = new bool[walk.Tenants.Count];
            var busy = 0;
            var isOpen = false;
            foreach (var (atNs, tenant, _) in walk.Moments())
            {
                foreach (var each in tenant is null ? walk.Tenants : [tenant])
                {
                    var now = walk.HasWork(each);
                    busy += (now ? 1 : 0) - (hasWork[each.Index] ? 1 : 0);
                    hasWork[each.Index] = now;
                }

                if (isOpen != (busy == walk.Tenants.Count))
                {
                    window.Add(walk, atNs, isOpen ? 1 : -1);
                    isOpen = !isOpen;
                }
            }

            if (isOpen)
            {
                window.Add(walk, walk.EndNs, 1);
            }

            return window;
        }

        private void Add(ServiceWalk walk, long atNs, int sign)
        {
            Ns += (double)sign * atNs;
            UnusedNs += sign * walk.UnusedNs(atNs);
            foreach (var tenant in walk.Tenants)
            {
                ServedNs[tenant.Index] += sign * tenant.ServedNs(atNs);
                Attempts[tenant.Index] += sign * tenant.Attempts;
            }
        }
    }
}
