using System.Globalization;
using Partywall.History;

namespace Partywall.Tests.Checks.Fairness;

/// <summary>A tenant of a simulated pool.</summary>
/// <param name="id">Its id.</param>
/// <param name="weight">Its weight.</param>
/// <param name="limit">Its limit.</param>
internal sealed class SimulatedTenant(string id, int weight, int limit)
{
    public string Id { get; } = id;

    public int Weight { get; } = weight;

    public int Limit { get; set; } = limit;

    public Queue<(string Label, double LengthMs)> Queue { get; } = new();

    public int Running { get; set; }

    public bool WasRunnable { get; set; }

    public double Tag { get; set; }

    public double? EstimateMs { get; set; }

    public bool IsRunnable => Queue.Count > 0 && Running < Limit;
}

/// <summary>
/// A pool of slots in virtual time, with a scheduler that may be flawed, and the history a harness would have written of it.
/// An attempt holds its slot a little before and after its body: up to <see cref="HandOverMs"/> together.
/// </summary>
internal sealed class SimulatedPool(int slots, SchedulerFlaw flaw, int seed)
{
    private readonly FairQueueing _scheduler = new(flaw);
    private readonly Random _random = new(seed);
    private readonly List<SimulatedTenant> _tenants = [];
    private readonly PriorityQueue<Action, (double At, int Order)> _agenda = new();
    private double _now;
    private int _order;
    private int _labels;
    private int _free = slots;

    public HistoryBuilder History { get; } = new() { SlotsPerWorker = slots };

    /// <summary>Between whom fairness is tried; null for all tenants.</summary>
    public IReadOnlyList<string>? Tried { get; set; }

    public int HandOverMs { get; init; } = 2;

    public SimulatedTenant Tenant(string id, int weight = 1, int limit = 1_000)
    {
        var tenant = new SimulatedTenant(id, weight, limit);
        _tenants.Add(tenant);
        History.Add(new TenantOnboarded(0, id, limit, 1_000_000, weight, "canary-" + id));
        return tenant;
    }

    /// <summary>A tenant submits jobs in one instant.</summary>
    public SimulatedPool Jobs(SimulatedTenant tenant, int count, double lengthMs, double at = 1) => Jobs(tenant, count, _ => lengthMs, at);

    public SimulatedPool Jobs(SimulatedTenant tenant, int count, Func<int, double> lengthMs, double at = 1)
    {
        At(at, () =>
        {
            for (var i = 0; i < count; i++)
            {
                var label = "j" + (_labels++).ToString(CultureInfo.InvariantCulture);
                History.Submit(tenant.Id, label, at - 0.5, answerAt: at);
                tenant.Queue.Enqueue((label, lengthMs(i)));
            }
        });
        return this;
    }

    /// <summary>A tenant's limit is changed.</summary>
    public SimulatedPool Limit(SimulatedTenant tenant, int limit, double at)
    {
        History.Limits(tenant.Id, limit, at - 0.5, LimitChangeMark.Asked, 1_000_000).Limits(tenant.Id, limit, at + 0.5, LimitChangeMark.Confirmed, 1_000_000);
        At(at, () => tenant.Limit = limit);
        return this;
    }

    /// <summary>Runs until all work has ended, or until a moment.</summary>
    public HistoryBuilder Run(double untilMs = double.PositiveInfinity)
    {
        History.Joined().Phase(RunPhase.Load, 0)
            .Add(new FairnessStated(0, Tried ?? [.. _tenants.Select(static t => t.Id)], HandOverMs, NoteMs: 0, EstimateMs: 10));
        while (_agenda.TryDequeue(out var act, out var when) && when.At <= untilMs)
        {
            _now = when.At;
            act();
            if (!_agenda.TryPeek(out _, out var next) || next.At > _now)
            {
                Dispatch();
            }
        }

        return History;
    }

    private void Dispatch()
    {
        Notice();
        while (_free > 0 && _tenants.FindAll(static t => t.IsRunnable) is { Count: > 0 } runnable)
        {
            var tenant = _scheduler.Pick(runnable);
            var (label, lengthMs) = tenant.Queue.Dequeue();
            var charged = _scheduler.Claimed(tenant);
            var (claimedMs, startMs) = (_now, _now + HandOver());
            var stopMs = startMs + lengthMs;
            _free--;
            tenant.Running++;
            History.Start(label, startMs);
            History.Stop(label, stopMs);
            At(stopMs + HandOver(), () =>
            {
                _free++;
                tenant.Running--;
                _scheduler.Settled(tenant, charged, _now - claimedMs);
            });
            Notice();
        }
    }

    /// <summary>Tells the scheduler which tenants have come back into the index.</summary>
    private void Notice()
    {
        foreach (var tenant in _tenants)
        {
            if (tenant.IsRunnable && !tenant.WasRunnable)
            {
                _scheduler.Enters(tenant);
            }

            tenant.WasRunnable = tenant.IsRunnable;
        }
    }

    private double HandOver() => (0.1 + (0.4 * _random.NextDouble())) * HandOverMs;

    private void At(double at, Action act) => _agenda.Enqueue(act, (at, _order++));
}
