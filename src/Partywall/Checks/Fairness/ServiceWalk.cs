using Partywall.Checks.Jobs;
using Partywall.Checks.Slots;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Fairness;

/*
 * What a fairness check needs to know of every moment: how much the bodies of each tenant have run, and whether the tenant
 * could have been given more. The second is the system's own affair, but from outside it can be caged, so that a tenant is
 * called eligible only when it surely was:
 *
 *   queued    a job waits from the answer that accepted it (and its delay) until its body starts. It may be claimed up to a
 *             hand-over earlier, so it surely waits until then only.
 *   has room  an attempt may hold its slot a hand-over before its body starts and after it stopped, and the scheduler may
 *             learn of that a note later. When even all that may be held are fewer than the limit, there is room.
 *   at peace  its limits have not changed just now, and neither a fault nor a stall is about. (Any stall that is recorded counts,
 *             not only those the run cannot bear: while a process stands still its slots serve nobody.)
 */

/// <summary>Walks through a history's moments and knows at each what every tenant has been served and could be served.</summary>
internal sealed class ServiceWalk
{
    /// <summary>How long after a fault, in milliseconds, nothing is expected yet.</summary>
    public const int RecoveryMs = 10_000;

    private readonly List<Moment> _moments = [];
    private readonly Dictionary<string, FairTenant> _byName = new(StringComparer.Ordinal);
    private readonly double _handOverNs;
    private readonly int _slots;
    private double _bodiesNs;
    private int _running;
    private long _sinceNs;
    private int _troubles;

    public ServiceWalk(HistoryData history, FairnessStated terms, IReadOnlyList<BodyRun> bodies)
    {
        EndNs = history.Events.Max(static e => e.AtNs);
        _slots = history.Header.PoolSize;
        _handOverNs = Nanoseconds.FromMs(terms.HandOverMs);
        var limits = LimitTimeline.Of(history);
        for (var i = 0; i < history.Events.Count; i++)
        {
            if (history.Events[i] is TenantOnboarded tenant && terms.Tenants.Contains(tenant.Tenant, StringComparer.Ordinal) && !_byName.ContainsKey(tenant.Tenant))
            {
                Tenants.Add(_byName[tenant.Tenant] = new FairTenant(Tenants.Count, tenant.Tenant, i + 1, tenant.Weight, limits[tenant.Tenant]));
            }
        }

        var marginNs = Nanoseconds.FromMs(terms.HandOverMs + (long)terms.NoteMs);
        AddBodies(bodies, marginNs);
        AddJobs(history, bodies);
        AddLimits(history, marginNs);
        AddTroubles(history, marginNs);
        _moments.Sort(static (a, b) => (a.AtNs, a.Number).CompareTo((b.AtNs, b.Number)));
    }

    /// <summary>The last moment of the history.</summary>
    public long EndNs { get; }

    /// <summary>The tenants between whom fairness is tried, as far as they were brought in.</summary>
    public List<FairTenant> Tenants { get; } = [];

    /// <summary>Whether nothing strikes the system now.</summary>
    public bool IsAtPeace => _troubles == 0;

    /// <summary>Slot time of the whole pool in which no body ran, in nanoseconds, up to a moment: hand-overs and idle slots.</summary>
    public double UnusedNs(long atNs) => ((double)_slots * atNs) - _bodiesNs - ((double)_running * (atNs - _sinceNs));

    /// <summary>The most that the attempts of a tenant so far can have held slots without their bodies running, in nanoseconds.</summary>
    public double HandOversNs(FairTenant tenant) => tenant.Attempts * _handOverNs;

    /// <summary>Whether a tenant surely has a job to run.</summary>
    public bool HasWork(FairTenant tenant) => tenant.Queued > 0 && IsAtPeace;

    /// <summary>Whether a tenant surely has a job to run and room to run it.</summary>
    public bool IsEligible(FairTenant tenant) => HasWork(tenant) && tenant.PossiblyHeld < tenant.Limit && tenant.Changes == 0;

    /// <summary>
    /// Goes from moment to moment. What is handed out is a moment after its change: its time, its tenant (null for
    /// everybody's), and the line that shows it (0 for none).
    /// </summary>
    public IEnumerable<(long AtNs, FairTenant? Tenant, int Line)> Moments()
    {
        foreach (var moment in _moments.TakeWhile(m => m.AtNs <= EndNs))
        {
            moment.Change(moment.AtNs);
            if (moment.Tenant is not null || moment.IsForAll)
            {
                yield return (moment.AtNs, moment.Tenant, moment.Line);
            }
        }

        yield return (EndNs, null, 0);
    }

    private void AddBodies(IReadOnlyList<BodyRun> bodies, long marginNs)
    {
        foreach (var body in bodies)
        {
            var tenant = _byName.GetValueOrDefault(body.Start.Tenant);
            var untilNs = Math.Min(body.SurelyUntilNs, EndNs);
            Add(body.Start.AtNs, tenant, body.StartLine, atNs => Run(tenant, 1, atNs));
            Add(untilNs, tenant, body.StopLine, atNs => Run(tenant, -1, atNs));
            if (tenant is not null)
            {
                // How long a body without an end would have lasted is not known, and so neither is the bound.
                tenant.LongestNs = Math.Max(
                    tenant.LongestNs, body.SurelyUntilNs == long.MaxValue ? double.PositiveInfinity : untilNs - body.Start.AtNs + _handOverNs);
                Add(body.Start.AtNs - marginNs, tenant, 0, _ => tenant.PossiblyHeld++);
                if (body.PossiblyUntilNs != long.MaxValue)
                {
                    Add(body.PossiblyUntilNs + marginNs, tenant, 0, _ => tenant.PossiblyHeld--);
                }
            }
        }
    }

    private void Run(FairTenant? tenant, int change, long atNs)
    {
        _bodiesNs += (double)_running * (atNs - _sinceNs);
        _sinceNs = atNs;
        _running += change;
        if (change > 0)
        {
            tenant?.BodyStarts(atNs);
        }
        else
        {
            tenant?.BodyStops(atNs);
        }
    }

    private void AddJobs(HistoryData history, IReadOnlyList<BodyRun> bodies)
    {
        var operations = Operation.Of(history);
        var starts = bodies.GroupBy(static b => b.Start.Label, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.Min(static b => b.Start.AtNs), StringComparer.Ordinal);
        var cancels = operations.Where(static o => o.Asked is { Kind: OperationKind.Cancel, Job: not null })
            .GroupBy(static o => o.Asked.Job!, StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.Min(static o => o.Asked.AtNs), StringComparer.Ordinal);
        foreach (var job in SubmittedJob.Of(operations).Values)
        {
            if (job.Accepted is not { Answer: { Result: ReplyKind.Ok } answer } accepted || !_byName.TryGetValue(job.Tenant, out var tenant))
            {
                continue;
            }

            var fromNs = answer.AtNs + Nanoseconds.FromMs(accepted.Asked.DelayMs ?? 0);
            var untilNs = Math.Min(
                starts.GetValueOrDefault(job.Label, EndNs) - (long)_handOverNs,
                cancels.GetValueOrDefault(answer.Job ?? "", long.MaxValue));
            if (fromNs < untilNs)
            {
                Add(fromNs, tenant, accepted.AnswerLine, _ => tenant.Queued++);
                Add(untilNs, tenant, 0, _ => tenant.Queued--);
            }
        }
    }

    private void AddLimits(HistoryData history, long marginNs)
    {
        foreach (var tenant in Tenants)
        {
            // The first one holds from the beginning.
            tenant.Limit = tenant.Limits.SmallestAt(long.MinValue);
            foreach (var moment in tenant.Limits.Moments)
            {
                Add(moment, tenant, 0, atNs => tenant.Limit = tenant.Limits.SmallestAt(atNs));
            }
        }

        var open = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in history.Of<LimitChange>())
        {
            if (!_byName.TryGetValue(change.Tenant, out var tenant))
            {
                continue;
            }

            if (change.Mark == LimitChangeMark.Confirmed && open.Remove(change.Tenant))
            {
                Add(change.AtNs + marginNs, tenant, 0, _ => tenant.Changes--);
            }
            else if (change.Mark != LimitChangeMark.Confirmed && open.Add(change.Tenant))
            {
                Add(change.AtNs, tenant, 0, _ => tenant.Changes++);
            }
        }
    }

    private void AddTroubles(HistoryData history, long marginNs)
    {
        foreach (var trouble in Disturbance.Of(history))
        {
            AddTrouble(trouble.FromNs, trouble.UntilNs, Nanoseconds.FromMs(RecoveryMs));
        }

        foreach (var stall in history.Of<WitnessStalled>())
        {
            AddTrouble(stall.FromNs, stall.AtNs, marginNs);
        }

        void AddTrouble(long fromNs, long untilNs, long recoveryNs)
        {
            Add(fromNs, null, 0, _ => _troubles++, isForAll: true);
            if (untilNs != long.MaxValue)
            {
                Add(untilNs + recoveryNs, null, 0, _ => _troubles--, isForAll: true);
            }
        }
    }

    private void Add(long atNs, FairTenant? tenant, int line, Action<long> change, bool isForAll = false) =>
        _moments.Add(new Moment(atNs, _moments.Count, tenant, line, change, isForAll));

    private readonly record struct Moment(long AtNs, int Number, FairTenant? Tenant, int Line, Action<long> Change, bool IsForAll);
}
