using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks;

/// <summary>
/// The history of a made-up run of a system that does everything right: admission by limit + backlog, slots by the
/// limit, retries, cancels, unknown outcomes, limits changed under way. Simulated in milliseconds, drawn from a seed.
/// </summary>
internal sealed class CorrectRun
{
    private readonly Random _random;
    private readonly List<Tenant> _tenants = [];
    private readonly List<Job> _jobs = [];
    private readonly PriorityQueue<Action, (double At, int Order)> _agenda = new();
    private double _now;
    private int _order;

    private CorrectRun(int seed) => _random = new Random(seed);

    public HistoryBuilder History { get; } = new() { SlotsPerWorker = 1_000 };

    public IReadOnlyList<Job> Jobs => _jobs;

    /// <summary>Simulates a run.</summary>
    public static CorrectRun Simulate(int seed, int tenants, int submissions)
    {
        var run = new CorrectRun(seed);
        run.History.Joined();
        for (var i = 0; i < tenants; i++)
        {
            var tenant = new Tenant($"t{i}", 1 + run._random.Next(3), run._random.Next(4));
            run._tenants.Add(tenant);
            run.History.Tenant(tenant.Id, tenant.Limit, tenant.Backlog);
        }

        for (var i = 0; i < submissions; i++)
        {
            var label = $"j{i}";
            run.At(10 + (run._random.NextDouble() * 50 * submissions / tenants), () => run.Submit(label));
        }

        for (var i = 0; i < tenants; i++)
        {
            var tenant = run._tenants[i];
            run.At(20 + (run._random.NextDouble() * 500), () => run.ChangeLimit(tenant));
        }

        run.Drain();
        run.Finish();
        return run;
    }

    private void At(double at, Action act) => _agenda.Enqueue(act, (at, _order++));

    private void Drain()
    {
        while (_agenda.TryDequeue(out var act, out var when))
        {
            _now = when.At;
            act();
        }
    }

    private void Submit(string label)
    {
        var tenant = _tenants[_random.Next(_tenants.Count)];
        var sent = _now - Delay();
        var answered = _now + Delay();
        if (tenant.Open >= tenant.Limit + tenant.Backlog)
        {
            History.Refuse(tenant.Id, label, sent, answered);
            return;
        }

        tenant.Open++;
        var isUnknown = _random.Next(10) == 0;
        History.Submit(tenant.Id, label, sent, isUnknown ? ReplyKind.Unknown : ReplyKind.Ok, answered);
        var job = new Job(label, tenant, isUnknown) { FailuresLeft = _random.Next(5) == 0 ? 1 : 0 };
        _jobs.Add(job);
        tenant.Queue.Add(job);
        if (!isUnknown && _random.Next(8) == 0)
        {
            At(answered + (_random.NextDouble() * 100), () => Cancel(job));
        }

        Dispatch(tenant);
    }

    private void Dispatch(Tenant tenant)
    {
        while (tenant.Running < tenant.Limit && tenant.Queue.Count > 0)
        {
            var job = tenant.Queue[0];
            tenant.Queue.RemoveAt(0);
            tenant.Running++;
            job.Attempts++;
            job.IsRunning = true;
            At(_now + Delay(), () => Run(job));
        }
    }

    private void Run(Job job)
    {
        History.Start(job.Label, _now, attempt: job.Attempts);
        job.HasBody = true;
        At(_now + (_random.NextDouble() * 80), () => End(job));
    }

    private void End(Job job)
    {
        var fails = job.FailuresLeft > 0 && !job.IsCancelAsked;
        job.Outcome = job.IsCancelAsked ? BodyOutcome.Cancelled : fails ? BodyOutcome.Failed : BodyOutcome.Completed;
        History.Stop(job.Label, _now, job.Outcome);
        At(_now + Delay(), () =>
        {
            job.IsRunning = false;
            job.Tenant.Running--;
            if (fails)
            {
                job.FailuresLeft--;
                job.Tenant.Queue.Add(job);
            }
            else
            {
                Final(job, job.IsCancelAsked && job.Outcome == BodyOutcome.Cancelled ? JobState.Cancelled : JobState.Completed);
            }

            Dispatch(job.Tenant);
        });
    }

    private void Cancel(Job job)
    {
        var sent = _now - Delay();
        if (job.State is null && !job.IsRunning && job.Tenant.Queue.Remove(job))
        {
            job.IsCancelAsked = true;
            Final(job, JobState.Cancelled);
        }
        else if (job.State is null)
        {
            // Too late for a body that is about to stop by itself; it then completes.
            job.IsCancelAsked = true;
        }

        History.Get(
            job.Tenant.Id, "job-" + job.Label, sent, ReplyKind.Ok, job.State ?? JobState.Running, OperationKind.Cancel, answerAt: _now + Delay());
    }

    private static void Final(Job job, JobState state)
    {
        job.State = state;
        job.Tenant.Open--;
    }

    private void ChangeLimit(Tenant tenant)
    {
        var limit = 1 + _random.Next(4);
        History.Limits(tenant.Id, limit, _now - Delay(), LimitChangeMark.Asked, tenant.Backlog);
        tenant.Limit = limit;
        History.Limits(tenant.Id, limit, _now + Delay(), LimitChangeMark.Confirmed, tenant.Backlog);
        Dispatch(tenant);
    }

    private void Finish()
    {
        var loadEnd = _now + 10;
        History.Settled(loadEnd, loadEnd + 10).Phase(RunPhase.AtRest, loadEnd + 20)
            .Held(loadEnd + 21, loadEnd + 22, [.. _tenants.Select(static t => (t.Id, 0))]);
        foreach (var job in _jobs.Where(static j => !j.IsUnknown))
        {
            History.Observe(job.Label, loadEnd + 30, job.State);
        }
    }

    private double Delay() => 0.01 + (_random.NextDouble() * 2);

    internal sealed class Tenant(string id, int limit, int backlog)
    {
        public string Id { get; } = id;

        public int Limit { get; set; } = limit;

        public int Backlog { get; } = backlog;

        public int Open { get; set; }

        public int Running { get; set; }

        public List<Job> Queue { get; } = [];
    }

    internal sealed class Job(string label, Tenant tenant, bool isUnknown)
    {
        public string Label { get; } = label;

        public Tenant Tenant { get; } = tenant;

        public bool IsUnknown { get; } = isUnknown;

        public int Attempts { get; set; }

        public int FailuresLeft { get; set; }

        public bool IsRunning { get; set; }

        public bool HasBody { get; set; }

        public bool IsCancelAsked { get; set; }

        public BodyOutcome Outcome { get; set; }

        public JobState? State { get; set; }
    }
}
