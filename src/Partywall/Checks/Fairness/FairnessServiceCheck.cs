using Partywall.History;

namespace Partywall.Checks.Fairness;

/*
 * The gap in slot time ÷ weight between two tenants, over every interval in which both were eligible, against the bound that
 * the scheduler states.
 *
 * Every interval: for each ordered pair the walk keeps the smallest value that "what f got more than g" has had since
 * both became eligible. How far it has risen above that is the worst interval that ends now. So a pair costs a few
 * numbers, and each body's start and stop touches the pairs of its tenant only: events × tenants in all.
 *
 * What is witnessed is bodies, what is bounded is slots. An attempt holds its slot a little longer than its body runs, more
 * so the more of its time is hand-over: with short jobs a fair scheduler gives less body time. So g is credited with all
 * the slot time it may have had beyond its bodies: never more than the pool had in which no body ran at all, nor more than its
 * attempts times the stated hand-over. What is left of the gap then is surely there.
 *
 * That credit is also what blinds the check. Where it is more than half of the service, or the service less than ten times
 * the bound, a starved tenant could not be told from a served one, and the pair has shown nothing.
 */

/// <summary>While two tenants could both be served, the gap between their slot time ÷ weight stays within the scheduler's stated bound.</summary>
public sealed class FairnessServiceCheck : ICheck
{
    /// <summary>The service in an interval must be this many times the bound, or the interval shows nothing.</summary>
    public const int ServicePerBoundMin = 10;

    /// <summary>The part of the service that may be unseen hand-over, beyond which the interval shows nothing.</summary>
    public const double HandOverPartMax = 0.5;

    /// <inheritdoc/>
    public string Name => "fairness.service";

    /// <inheritdoc/>
    public string Claim => "While two tenants can both be served, their slot time by weight stays within the scheduler's stated bound of each other.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        if (FairnessTerms.Of(history, notes) is not { } stated)
        {
            return notes.Result(0, "The run states no terms of fairness, so there is no bound to hold it to.");
        }

        return new Judgement(history, stated.Terms, stated.Line, notes).Judge();
    }

    private sealed class Judgement
    {
        private readonly CheckNotes _notes;
        private readonly int _termsLine;
        private readonly ServiceWalk _walk;
        private readonly bool[] _eligible;
        private readonly Pair?[] _pairs;

        public Judgement(HistoryData history, FairnessStated terms, int termsLine, CheckNotes notes)
        {
            _notes = notes;
            _termsLine = termsLine;
            _walk = new ServiceWalk(history, terms, BodyRun.Of(history));
            var bound = new StatedBound(history, terms);
            var tenants = _walk.Tenants;
            _eligible = new bool[tenants.Count];
            _pairs = new Pair?[tenants.Count * tenants.Count];
            foreach (var f in tenants)
            {
                foreach (var g in tenants.Where(g => g != f))
                {
                    _pairs[(f.Index * tenants.Count) + g.Index] = new Pair(f, g, bound.BetweenNs(f, g));
                }
            }
        }

        public CheckResult Judge()
        {
            foreach (var (atNs, tenant, line) in _walk.Moments())
            {
                if (tenant is not null)
                {
                    Look(tenant, atNs, line);
                    continue;
                }

                foreach (var each in _walk.Tenants)
                {
                    Look(each, atNs, line);
                }
            }

            var pairs = _pairs.OfType<Pair>().ToList();
            var dull = pairs.Where(static p => !p.IsSharp).ToList();
            if (dull.Count > 0)
            {
                var worst = dull.MinBy(static p => p.BestNs / p.BoundNs)!;
                _notes.Doubt(
                    $"{dull.Count} of {pairs.Count} comparisons of two tenants were not sharp enough, such as {worst.F.Name} against {worst.G.Name}: while both could be served they got {Ms(worst.BestNs)} ms at the longest that shows anything, and {ServicePerBoundMin} times the bound is {Ms(ServicePerBoundMin * worst.BoundNs)} ms.");
            }

            if (pairs.Where(static p => p.IsSeen).MaxBy(static p => p.GapNs / p.BoundNs) is { } widest)
            {
                _notes.Figure("widest sure service gap", Nanoseconds.ToMs((long)widest.GapNs), "ms by weight");
                _notes.Figure("its bound", Nanoseconds.ToMs((long)widest.BoundNs), "ms by weight");
                _notes.Figure("its bound used", 100 * widest.GapNs / widest.BoundNs, "%");
            }

            _notes.Figure("pairs compared", pairs.Count(static p => p.IsSharp) / 2.0, "pairs");
            return _notes.Result(pairs.Count(static p => p.IsSeen), "No two of the tenants were ever seen with work and room at the same time.");
        }

        /// <summary>Something about a tenant has changed: looks at all its pairs.</summary>
        private void Look(FairTenant tenant, long atNs, int line)
        {
            var was = _eligible[tenant.Index];
            var now = _eligible[tenant.Index] = _walk.IsEligible(tenant);
            if (!was && !now)
            {
                return;
            }

            foreach (var other in _walk.Tenants)
            {
                if (other != tenant && _eligible[other.Index])
                {
                    Look(tenant, other, was, atNs, line);
                    Look(other, tenant, was, atNs, line);
                }
            }
        }

        private void Look(FairTenant f, FairTenant g, bool goesOn, long atNs, int line)
        {
            var pair = _pairs[(f.Index * _walk.Tenants.Count) + g.Index]!;
            var reading = new Reading(f.ServedNs(atNs), g.ServedNs(atNs), _walk.UnusedNs(atNs), _walk.HandOversNs(g));
            if (!goesOn)
            {
                pair.Begin(reading, atNs, line);
            }
            else if (pair.Go(reading, atNs, line) is { } gap && !pair.IsTold)
            {
                pair.IsTold = true;
                _notes.Find(
                    $"From {Nanoseconds.ToMs(gap.FromNs):0} to {Nanoseconds.ToMs(atNs):0} ms into the run {f.Name} and {g.Name} both had work and room, but {f.Name} got at least {Ms(gap.GapNs)} ms more slot time by weight; the scheduler's bound is {Ms(pair.BoundNs)} ms.",
                    [_termsLine, f.Line, g.Line, gap.FromLine, line],
                    g.Name);
            }
        }

        private static string Ms(double ns) => (ns / Nanoseconds.PerMs).ToString("0", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>What the two of an ordered pair have got, and what g may have got unseen, up to a moment, in nanoseconds.</summary>
    private readonly record struct Reading(double F, double G, double Unused, double HandOvers);

    /// <summary>A gap that began at a moment.</summary>
    private readonly record struct Gap(double GapNs, long FromNs, int FromLine);

    /// <summary>What f got more than g, since both became eligible.</summary>
    private sealed class Pair(FairTenant f, FairTenant g, double boundNs)
    {
        private Reading _begin;
        private Low _unused;
        private Low _handOvers;

        public FairTenant F => f;

        public FairTenant G => g;

        public double BoundNs => boundNs;

        public bool IsSeen { get; private set; }

        public bool IsSharp { get; private set; }

        public bool IsTold { get; set; }

        /// <summary>The most service by weight in an interval that was not mostly hand-over.</summary>
        public double BestNs { get; private set; }

        /// <summary>The widest gap that is surely there.</summary>
        public double GapNs { get; private set; }

        public void Begin(Reading reading, long atNs, int line)
        {
            _begin = reading;
            _unused = new Low(Plain(reading) - (reading.Unused / g.Weight), atNs, line);
            _handOvers = new Low(Plain(reading) - (reading.HandOvers / g.Weight), atNs, line);
        }

        /// <returns>A gap that ends now and is beyond the bound; null when there is none.</returns>
        public Gap? Go(Reading reading, long atNs, int line)
        {
            IsSeen = true;
            Weigh(reading);
            var plain = Plain(reading);
            var unused = _unused.Rise(plain - (reading.Unused / g.Weight), atNs, line);
            var handOvers = _handOvers.Rise(plain - (reading.HandOvers / g.Weight), atNs, line);

            // The credit is the smaller of the two, so the gap is the larger.
            var gap = unused.GapNs > handOvers.GapNs ? unused : handOvers;
            GapNs = Math.Max(GapNs, gap.GapNs);
            return gap.GapNs > boundNs ? gap : null;
        }

        private double Plain(Reading reading) => (reading.F / f.Weight) - (reading.G / g.Weight);

        private void Weigh(Reading reading)
        {
            var service = Math.Max((reading.F - _begin.F) / f.Weight, (reading.G - _begin.G) / g.Weight);
            var credit = Math.Min(reading.Unused - _begin.Unused, reading.HandOvers - _begin.HandOvers) / g.Weight;
            if (credit <= HandOverPartMax * service)
            {
                BestNs = Math.Max(BestNs, service);
                IsSharp |= service >= ServicePerBoundMin * boundNs;
            }
        }
    }

    /// <summary>The lowest value so far, and when it was.</summary>
    private struct Low(double value, long atNs, int line)
    {
        private double _value = value;
        private long _atNs = atNs;
        private int _line = line;

        /// <summary>How far a value is above the lowest so far; it may become the lowest itself.</summary>
        public Gap Rise(double value, long atNs, int line)
        {
            var gap = new Gap(value - _value, _atNs, _line);
            if (value < _value)
            {
                (_value, _atNs, _line) = (value, atNs, line);
            }

            return gap;
        }
    }
}
