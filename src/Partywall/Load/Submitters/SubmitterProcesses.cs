using System.Collections.Concurrent;
using Partywall.History;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.Load.Submitters;

/// <summary>
/// The harness's end of the submitter processes: deals submissions to them, has them sent in one instant, and puts what
/// they answer into the one history, with each call's own times. Thread-safe.
/// </summary>
/// <remarks>
/// A process that dies, or does not answer in time, ends the run as broken, so nothing of it passes. What it had been
/// ordered may have been sent all the same: that stands in the history as asked and never answered, so that a body of it is
/// nobody's invention.
/// </remarks>
internal sealed class SubmitterProcesses
{
    /// <summary>Jobs of one batch at most, so that order and answer each fit a line of the wire.</summary>
    public const int JobsPerCallMax = 50;

    /// <summary>The longest a process may take to say that it has its orders, in milliseconds.</summary>
    public const int ArmMsMax = 10_000;

    /// <summary>The longest from the word to go to the last answer, in milliseconds: a call's own bound, and some for the wire.</summary>
    public const int AnswersMsMax = RecordedTenant.CallMsMax + 5_000;

    private readonly WitnessServer _witness;
    private readonly RunClock _clock;
    private readonly IReadOnlyList<string> _processes;
    private readonly ConcurrentDictionary<(long Race, string Process), TaskCompletionSource<int>> _arming = new();
    private readonly ConcurrentDictionary<long, DealtCall> _dealt = new();
    private long _races;
    private long _orders;

    /// <summary>Begins to listen to processes.</summary>
    /// <param name="witness">The witness they are connected to.</param>
    /// <param name="clock">The run's clock.</param>
    /// <param name="processes">Their names.</param>
    /// <exception cref="WitnessException">One of them is not connected.</exception>
    public SubmitterProcesses(WitnessServer witness, RunClock clock, IReadOnlyList<string> processes)
    {
        _witness = witness;
        _clock = clock;
        _processes = processes;
        foreach (var process in processes)
        {
            _ = ListenAsync(process, witness.SubmitterMessages(process));
        }
    }

    /// <summary>Has the calls made at once, dealt to the processes in turn.</summary>
    /// <param name="tenant">The tenant that submits.</param>
    /// <param name="calls">The calls: one job is a single submission, several are a batch.</param>
    /// <param name="beside">Begun by the harness in the same instant; null for nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The replies in the order of the jobs.</returns>
    /// <exception cref="TargetException">A process died or did not answer in time.</exception>
    public async Task<IReadOnlyList<Reply<Submission>>> SubmitAtOnceAsync(
        RecordedTenant tenant, IReadOnlyList<IReadOnlyList<ProbeJob>> calls, Func<Task>? beside, CancellationToken cancellationToken)
    {
        if (calls.Any(static c => c.Count is 0 or > JobsPerCallMax))
        {
            throw new ArgumentException($"A call has 1 to {JobsPerCallMax} jobs.", nameof(calls));
        }

        var race = Interlocked.Increment(ref _races);
        var dealt = calls.Select((jobs, i) => new DealtCall(
            Interlocked.Increment(ref _orders), _processes[i % _processes.Count], tenant, [.. jobs.Select(tenant.WithCanary)])).ToList();
        try
        {
            await ArmAsync(race, dealt, cancellationToken);
            var goNs = _clock.NowNs;
            foreach (var call in dealt)
            {
                call.SentAtTheEarliestNs = goNs;
            }

            await Task.WhenAll([.. _processes.Select(p => TellAsync(p, new GoMessage(race))), beside?.Invoke() ?? Task.CompletedTask]);
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bound.CancelAfter(AnswersMsMax);
            try
            {
                var replies = await Task.WhenAll(dealt.Select(static c => c.Answered)).WaitAsync(bound.Token);
                return [.. replies.SelectMany(static r => r)];
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                var silent = dealt.Where(static c => !c.Answered.IsCompleted).Select(static c => c.Process).Distinct(StringComparer.Ordinal);
                throw new TargetException($"{string.Join(", ", silent)} did not answer for every submission within {AnswersMsMax} ms.", e);
            }
        }
        finally
        {
            foreach (var call in dealt)
            {
                _dealt.TryRemove(call.Order, out _);
                call.GiveUp();
            }
        }
    }

    private async Task ArmAsync(long race, List<DealtCall> dealt, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(ArmMsMax);
        var armed = new List<Task>();
        try
        {
            foreach (var process in _processes)
            {
                var calls = dealt.FindAll(c => c.Process == process);
                var arming = _arming[(race, process)] = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
                armed.Add(ArmedAsync(process, arming.Task, calls.Count));
                foreach (var call in calls)
                {
                    _dealt[call.Order] = call;
                    await TellAsync(process, new OrderMessage(race, call.Order, call.Tenant.Id, call.Jobs));
                }

                await TellAsync(process, new ArmMessage(race));
            }

            await Task.WhenAll(armed).WaitAsync(bound.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TargetException($"Not every submitter process was ready to race within {ArmMsMax} ms.", e);
        }
        finally
        {
            foreach (var process in _processes)
            {
                _arming.TryRemove((race, process), out _);
            }
        }

        static async Task ArmedAsync(string process, Task<int> arming, int ordered)
        {
            if (await arming is var has && has != ordered)
            {
                throw new TargetException($"{process} has {has} of its {ordered} orders.");
            }
        }
    }

    private async Task TellAsync(string process, WitnessMessage message)
    {
        try
        {
            await _witness.TellAsync(process, message);
        }
        catch (WitnessException e)
        {
            throw Gone(process, e);
        }
    }

    private async Task ListenAsync(string process, IAsyncEnumerable<WitnessMessage> messages)
    {
        await foreach (var message in messages)
        {
            switch (message)
            {
                case ArmedMessage armed when _arming.TryGetValue((armed.Race, process), out var arming):
                    arming.TrySetResult(armed.Orders);
                    break;
                case AnswerMessage answer when _dealt.TryRemove(answer.Order, out var call):
                    call.Take(answer, _clock);
                    break;
            }
        }

        foreach (var (waiting, arming) in _arming)
        {
            if (waiting.Process == process)
            {
                arming.TrySetException(Gone(process, null));
            }
        }

        foreach (var call in _dealt.Values.Where(c => c.Process == process))
        {
            call.Fail(Gone(process, null));
        }
    }

    private static TargetException Gone(string process, Exception? cause)
    {
        var message = $"{process} ended in the middle of the run, so what it submitted is not all known. Its log says why.";
        return cause is null ? new TargetException(message) : new TargetException(message, cause);
    }
}
