namespace AutonomOS.Workers;

/// <summary>One attempt from its claim until its outcome is acknowledged. It takes one of the worker's slots for as long.</summary>
/// <remarks>
/// <see cref="Pending"/> belongs to the renewal thread, and only it writes <see cref="SentAt"/>; everything else is
/// thread-safe.
/// </remarks>
internal sealed class RunningAttempt : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HandlerStopper _stopper;
    private long _sentAt;
    private StopReason _reason;
    private bool _settling;

    public RunningAttempt(LeasedJob job, long claimSentAt, HandlerStopper stopper)
    {
        Job = job;
        Key = LeaseKey.Of(job);
        // Kept, because the source gives out no token once it is disposed of, and a handler may leave tasks behind.
        Token = _stop.Token;
        _sentAt = claimSentAt;
        _stopper = stopper;
    }

    public LeasedJob Job { get; }

    public LeaseKey Key { get; }

    /// <summary>When the last acknowledged renewal, or else the claim, was <b>sent</b>: the lease reaches at least one lease length beyond it.</summary>
    public long SentAt
    {
        get => Volatile.Read(ref _sentAt);
        set => Volatile.Write(ref _sentAt, value);
    }

    /// <summary>The renewal that was sent and not acknowledged: its limit and when it was first sent. It is repeated as it is, so that its limit does not move.</summary>
    public (long NotAfter, long FirstSentAt)? Pending { get; set; }

    public CancellationToken Token { get; }

    public StopReason Reason
    {
        get
        {
            lock (_gate)
            {
                return _reason;
            }
        }
    }

    /// <summary>True once the handler has ended and its outcome is on its way.</summary>
    public bool IsSettling
    {
        get
        {
            lock (_gate)
            {
                return _settling;
            }
        }
    }

    /// <summary>Tells the handler to stop, from a thread of the stopper's. A later reason replaces an earlier one; nothing happens once the handler has ended.</summary>
    /// <returns>True when this reason is new to the attempt.</returns>
    public bool Stop(StopReason reason)
    {
        bool first;
        lock (_gate)
        {
            if (_settling || reason <= _reason)
            {
                return false;
            }

            first = _reason == StopReason.None;
            _reason = reason;
        }

        if (first)
        {
            _stopper.Stop(_stop);
        }

        return true;
    }

    /// <summary>The handler has ended: from here the reason stands.</summary>
    /// <returns>The reason it was told to stop for, if it was.</returns>
    public StopReason BeginSettling()
    {
        lock (_gate)
        {
            _settling = true;
            return _reason;
        }
    }

    public void Dispose() => _stop.Dispose();
}
