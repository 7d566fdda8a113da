using Partywall.Checks.Jobs;
using Partywall.Checks.Slots;
using Partywall.History;

namespace Partywall.Checks.Liveness;

/*
 * When a tenant must get a start.
 *
 * A tenant waits while it has an accepted job that is due, of which no body has started and whose cancelling nobody asked for, fewer
 * bodies than its limit, the pool has fewer bodies than slots that are anybody's (not kept in reserve), and the system is left in peace. If all that holds for
 * StartMsMax on end without a start of that tenant, its work is stuck. StartMsMax is far above any sweep or poll a system
 * should need, so that only what nobody will ever wake, or is woken by luck, is called that.
 *
 * The pool's part of the condition is the same for all tenants, so it is kept once: PoolFreeSince. A span that ends
 * because the pool filled up can only be too long if the pool was free for that long, so all tenants are looked at
 * then and not at every start; the work stays linear in the history.
 *
 * Where the pool is full all the time that shows nothing, so two more: a tenant whose accepted jobs never ran at all is
 * starved, and work that has not ended when the bound for coming to rest has passed is stuck.
 */

/// <summary>Runnable work, a free slot and an idle worker lead to a start in time; nobody is starved; all accepted work ends.</summary>
public sealed class LivenessDispatchCheck : ICheck
{
    /// <summary>The longest a tenant may wait for a start with nothing in its way, in milliseconds.</summary>
    public const int StartMsMax = 5_000;

    /// <summary>How long after a fault or stall nothing is expected yet, in milliseconds.</summary>
    public const int RecoveryMs = 10_000;

    /// <inheritdoc/>
    public string Name => "liveness.dispatch";

    /// <inheritdoc/>
    public string Claim => "Runnable work starts in time where a slot is free; no tenant is starved; all accepted work ends.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var submissions = SubmittedJob.Of(Operation.Of(history)).Values.Where(static s => s.Accepted is not null).ToList();
        var bodies = BodyRun.Of(history);
        new Walk(history, submissions, bodies, notes).Judge();
        JudgeStarved(history, submissions, bodies, notes);
        JudgeRest(history, notes);
        return notes.Result(submissions.Count, "No job was accepted, so none could start.");
    }

    private static void JudgeStarved(HistoryData history, List<SubmittedJob> submissions, IReadOnlyList<BodyRun> bodies, CheckNotes notes)
    {
        var started = bodies.Select(static b => b.Start.Tenant).ToHashSet(StringComparer.Ordinal);
        var cancelled = Cancelled(history).Select(static c => (c.Tenant, c.Job!)).ToHashSet();
        foreach (var tenant in submissions.GroupBy(static s => s.Tenant, StringComparer.Ordinal))
        {
            var waiting = tenant.Where(s => s.Job is { } job && !cancelled.Contains((s.Tenant, job))).ToList();
            if (history.IsComplete && waiting.Count > 0 && !started.Contains(tenant.Key))
            {
                notes.Find(
                    $"{tenant.Key} was starved: {waiting.Count} of its jobs were accepted, and none ever started.",
                    waiting.Take(5).SelectMany(static s => s.Accepted!.Lines),
                    tenant.Key);
            }
        }
    }

    private static void JudgeRest(HistoryData history, CheckNotes notes)
    {
        for (var i = history.Events.Count - 1; i >= 0; i--)
        {
            if (history.Events[i] is not Settled settled)
            {
                continue;
            }

            var tookMs = Nanoseconds.ToMs(settled.AtNs - settled.FromNs);
            notes.Figure("time to rest", tookMs, "ms");
            if (settled.AllEnded)
            {
                return;
            }

            if (tookMs >= history.Header.Demands.SettleMsMax)
            {
                notes.Find($"{settled.Open} accepted job(s) had not ended {tookMs:0} ms after the load.", [i + 1]);
            }
            else
            {
                notes.Doubt($"The wait for rest was broken off after {tookMs:0} ms with {settled.Open} job(s) open.");
            }

            return;
        }

        if (history.IsComplete)
        {
            notes.Doubt("Nobody waited for the system to come to rest, so whether all work ends was not seen.");
        }
    }

    private static IEnumerable<OperationInvoked> Cancelled(HistoryData history) =>
        history.Of<OperationInvoked>().Where(static o => o is { Kind: OperationKind.Cancel, Job: not null });

    /// <summary>The walk over all moments at which the condition can change.</summary>
    private sealed class Walk
    {
        private readonly HistoryData _history;
        private readonly CheckNotes _notes;
        private readonly List<(long AtNs, Action<long> Change)> _moments = [];
        private readonly Dictionary<string, TenantWait> _tenants = new(StringComparer.Ordinal);
        private readonly IReadOnlyDictionary<string, LimitTimeline> _limits;
        private readonly Stack<TenantWait> _changed = new();
        private int _running;
        private int _troubles;
        private long? _poolFreeSince;
        private long _longestNs;

        public Walk(HistoryData history, List<SubmittedJob> submissions, IReadOnlyList<BodyRun> bodies, CheckNotes notes)
        {
            _history = history;
            _notes = notes;
            _limits = LimitTimeline.Of(history);
            var firstStart = bodies.GroupBy(static b => b.Start.Label, StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.Min(static b => b.Start.AtNs), StringComparer.Ordinal);
            var cancelAsked = Cancelled(history).GroupBy(static c => (c.Tenant, c.Job!)).ToDictionary(static g => g.Key, static g => g.Min(static c => c.AtNs));
            foreach (var submission in submissions)
            {
                AddWaiting(submission, firstStart, cancelAsked);
            }

            foreach (var body in bodies.Where(b => _limits.ContainsKey(b.Start.Tenant)))
            {
                AddRunning(body);
            }

            foreach (var (tenant, limit) in _limits)
            {
                foreach (var moment in limit.Moments)
                {
                    _moments.Add((moment, atNs => Of(tenant).Limit = limit.SmallestAt(atNs)));
                }
            }

            foreach (var trouble in Disturbance.Of(history))
            {
                _moments.Add((trouble.FromNs, _ => _troubles++));
                if (trouble.UntilNs != long.MaxValue)
                {
                    _moments.Add((trouble.UntilNs + Nanoseconds.FromMs(RecoveryMs), _ => _troubles--));
                }
            }
        }

        public void Judge()
        {
            var endNs = _history.Events.Max(static e => e.AtNs);
            _moments.Sort(static (a, b) => a.AtNs.CompareTo(b.AtNs));
            foreach (var (atNs, change) in _moments)
            {
                if (atNs > endNs)
                {
                    break;
                }

                change(atNs);
                ReviewPool(atNs);
                while (_changed.TryPop(out var tenant))
                {
                    Review(tenant, atNs);
                }
            }

            foreach (var tenant in _tenants.Values)
            {
                Look(tenant, endNs);
            }

            _notes.Figure("longest wait with nothing in the way", Nanoseconds.ToMs(_longestNs), "ms");
        }

        private void AddWaiting(SubmittedJob submission, Dictionary<string, long> firstStart, Dictionary<(string, string), long> cancelAsked)
        {
            if (!_limits.ContainsKey(submission.Tenant) || submission.Job is not { } job)
            {
                return;
            }

            var fromNs = submission.Accepted!.Answer!.AtNs + Nanoseconds.FromMs(submission.Accepted.Asked.DelayMs ?? 0);
            var untilNs = Math.Min(
                firstStart.GetValueOrDefault(submission.Label, long.MaxValue), cancelAsked.GetValueOrDefault((submission.Tenant, job), long.MaxValue));
            if (untilNs > fromNs)
            {
                _moments.Add((fromNs, _ => Of(submission.Tenant).Waiting++));
                if (untilNs != long.MaxValue)
                {
                    _moments.Add((untilNs, _ => Of(submission.Tenant).Waiting--));
                }
            }
        }

        private void AddRunning(BodyRun body)
        {
            _moments.Add((body.Start.AtNs, atNs =>
            {
                _running++;
                var tenant = Of(body.Start.Tenant);
                Look(tenant, atNs);
                tenant.Running++;
                tenant.SinceNs = null; // It got a start: a new span begins, if it still waits.
            }
            ));
            if (body.PossiblyUntilNs != long.MaxValue)
            {
                _moments.Add((body.PossiblyUntilNs, _ =>
                {
                    _running--;
                    Of(body.Start.Tenant).Running--;
                }
                ));
            }
        }

        /// <summary>A tenant about to change.</summary>
        private TenantWait Of(string tenant)
        {
            if (!_tenants.TryGetValue(tenant, out var wait))
            {
                _tenants[tenant] = wait = new TenantWait(tenant) { Limit = _limits[tenant].Latest };
            }

            _changed.Push(wait);
            return wait;
        }

        private void ReviewPool(long atNs)
        {
            var free = _running < _history.Header.PoolSize - _history.Header.ReservedSlots && _troubles == 0;
            if (free && _poolFreeSince is null)
            {
                _poolFreeSince = atNs;
            }
            else if (!free && _poolFreeSince is { } sinceNs)
            {
                if (atNs - sinceNs > Nanoseconds.FromMs(StartMsMax))
                {
                    foreach (var tenant in _tenants.Values)
                    {
                        Look(tenant, atNs);
                    }
                }

                _poolFreeSince = null;
            }
        }

        private void Review(TenantWait tenant, long atNs)
        {
            var waits = tenant.Waiting > 0 && tenant.Running < tenant.Limit;
            if (waits && tenant.SinceNs is null)
            {
                (tenant.SinceNs, tenant.AtFirst) = (atNs, $"{tenant.Waiting} job(s) waiting, {tenant.Running} of {tenant.Limit} slots used");
            }
            else if (waits)
            {
                return;
            }
            else if (tenant.SinceNs is not null)
            {
                Look(tenant, atNs);
                tenant.SinceNs = null;
            }
        }

        /// <summary>Judges the span up to now, in which tenant and pool allowed a start and none came.</summary>
        private void Look(TenantWait tenant, long atNs)
        {
            if (tenant.SinceNs is not { } sinceNs || _poolFreeSince is not { } freeNs)
            {
                return;
            }

            var spanNs = atNs - Math.Max(sinceNs, freeNs);
            _longestNs = Math.Max(_longestNs, spanNs);
            if (spanNs > Nanoseconds.FromMs(StartMsMax) && !tenant.IsTold)
            {
                tenant.IsTold = true;
                _notes.Find(
                    $"{tenant.Tenant} waited {Nanoseconds.ToMs(spanNs):0} ms for a start, from {Nanoseconds.ToMs(atNs - spanNs):0} ms into the run, with {tenant.AtFirst} and the pool not full.",
                    LinesOf(tenant.Tenant),
                    tenant.Tenant);
            }
        }

        private IEnumerable<int> LinesOf(string tenant)
        {
            for (var i = 0; i < _history.Events.Count; i++)
            {
                if (_history.Events[i] is TenantOnboarded onboarded && onboarded.Tenant == tenant)
                {
                    yield return i + 1;
                }
            }
        }
    }

    private sealed class TenantWait(string tenant)
    {
        public string Tenant { get; } = tenant;

        public int Waiting { get; set; }

        public int Running { get; set; }

        public int Limit { get; set; }

        public long? SinceNs { get; set; }

        public string AtFirst { get; set; } = "";

        public bool IsTold { get; set; }
    }
}
