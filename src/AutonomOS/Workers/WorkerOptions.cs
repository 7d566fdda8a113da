using System.ComponentModel.DataAnnotations;
using AutonomOS.Jobs;
using AutonomOS.Storage;

namespace AutonomOS.Workers;

/// <summary>How one worker works: which pool of which store, how many jobs at once, and what runs them.</summary>
public sealed class WorkerOptions : IValidatableObject
{
    /// <summary>The store. The worker opens two connections: one for its work, one for nothing but its renewals. Required.</summary>
    [Required]
    public StoreOptions? Store { get; set; }

    /// <summary>The pool: 1 to 64 characters of <c>A–Z a–z 0–9 . _ -</c>; default <c>default</c>.</summary>
    [Required]
    public string Pool { get; set; } = JobSubmission.DefaultPool;

    /// <summary>Jobs run at once. 1 to 1,000; default 10.</summary>
    [Range(1, 1000)]
    public int Slots { get; set; } = 10;

    /// <summary>Of <see cref="Slots"/>, the last ones, kept for tenants that run nothing. 0 to one less than <see cref="Slots"/>; default 0.</summary>
    [Range(0, 999)]
    public int Reserve { get; set; }

    /// <summary>Length of a lease, in milliseconds. 200 to 600,000; default 8,000.</summary>
    [Range(200, 600_000)]
    public int LeaseMs { get; set; } = ClaimRequest.DefaultLeaseMs;

    /// <summary>How often leases are renewed, in milliseconds. 20 to 200,000; default 2,000. Twice this and the margin must fit into a lease.</summary>
    [Range(20, 200_000)]
    public int RenewEveryMs { get; set; } = 2000;

    /// <summary>How long before its lease would lapse an attempt that cannot be renewed is cancelled, in milliseconds. 20 to 60,000; default 1,500.</summary>
    [Range(20, 60_000)]
    public int SelfFenceMarginMs { get; set; } = 1500;

    /// <summary>The longest time between two looks at a pool that had nothing, in milliseconds, should every wake-up be lost. 50 to 1,000; default 1,000.</summary>
    [Range(50, 1000)]
    public int PollMs { get; set; } = 1000;

    /// <summary>How long a stopping worker lets its jobs run on, in milliseconds; what still runs then is cancelled and handed back. 0 to 600,000; default 20,000.</summary>
    [Range(0, 600_000)]
    public int DrainGraceMs { get; set; } = 20_000;

    /// <summary>How long a stopping worker waits for handlers it cancelled, in milliseconds. 100 to 60,000; default 5,000.</summary>
    [Range(100, 60_000)]
    public int CancelGraceMs { get; set; } = 5000;

    /// <summary>The longest first backoff after a handler's failure, in milliseconds; doubled with each further one. 1 to 3,600,000; default 1,000.</summary>
    [Range(1, 3_600_000)]
    public long BackoffBaseMs { get; set; } = 1000;

    /// <summary>The longest backoff, in milliseconds. 1 to 86,400,000; default 300,000.</summary>
    [Range(1, 86_400_000)]
    public long BackoffCapMs { get; set; } = 300_000;

    /// <summary>The shortest time between two progress reports of one job, in milliseconds. 10 to 60,000; default 100.</summary>
    [Range(10, 60_000)]
    public int ProgressEveryMs { get; set; } = 100;

    /// <summary>How often the worker says that it lives, in milliseconds; for display only. 200 to 30,000; default 3,000.</summary>
    [Range(200, 30_000)]
    public int HeartbeatEveryMs { get; set; } = 3000;

    /// <summary>The seed of all jitter; null draws one, which the log then shows.</summary>
    public int? Seed { get; set; }

    internal Dictionary<string, JobHandling> Handlers { get; } = new(StringComparer.Ordinal);

    internal List<Type> HandlerTypes { get; } = [];

    /// <summary>Runs jobs of <paramref name="type"/> with a handler made by dependency injection, in a scope of its own.</summary>
    /// <exception cref="ArgumentException">The type is not one, or has a handler already.</exception>
    public void Handle<THandler>(string type)
        where THandler : class, IJobHandler
    {
        Add(type, new JobHandling(typeof(THandler), null));
        HandlerTypes.Add(typeof(THandler));
    }

    /// <summary>Runs jobs of <paramref name="type"/> with a function that returns a result.</summary>
    /// <exception cref="ArgumentException">The type is not one, or has a handler already.</exception>
    public void Handle(string type, Func<JobContext, CancellationToken, Task<JobResult?>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(type, new JobHandling(null, handler));
    }

    /// <summary>Runs jobs of <paramref name="type"/> with a function without a result.</summary>
    /// <exception cref="ArgumentException">The type is not one, or has a handler already.</exception>
    public void Handle(string type, Func<JobContext, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(type, new JobHandling(null, async (job, cancellation) =>
        {
            await handler(job, cancellation);
            return null;
        }));
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!JobSubmissionRules.IsPool(Pool))
        {
            yield return new ValidationResult("Pool has 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit.", [nameof(Pool)]);
        }

        if (Reserve >= Slots)
        {
            yield return new ValidationResult("Reserve must be less than Slots, or a busy tenant would never run.", [nameof(Reserve)]);
        }

        if ((2 * RenewEveryMs) + SelfFenceMarginMs > LeaseMs)
        {
            yield return new ValidationResult("LeaseMs must hold two RenewEveryMs and SelfFenceMarginMs, or one lost renewal would cancel healthy jobs.", [nameof(LeaseMs)]);
        }

        if (BackoffCapMs < BackoffBaseMs)
        {
            yield return new ValidationResult("BackoffCapMs must not be less than BackoffBaseMs.", [nameof(BackoffCapMs)]);
        }

        if (Handlers.Count == 0)
        {
            yield return new ValidationResult("The worker has no handler; add one with Handle(type, ...).");
        }

        if (Store is not null)
        {
            var results = new List<ValidationResult>();
            Validator.TryValidateObject(Store, new ValidationContext(Store), results, validateAllProperties: true);
            foreach (var result in results)
            {
                yield return result;
            }

            if (EndpointError(Store) is { } error)
            {
                yield return new ValidationResult(error, [nameof(Store)]);
            }
        }
    }

    private static string? EndpointError(StoreOptions store)
    {
        try
        {
            StoreConnection.ParseEndpoint(store.Endpoint);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private void Add(string type, JobHandling handling)
    {
        if (!JobSubmissionRules.IsType(type))
        {
            throw new ArgumentException("A job type has 1 to 128 characters of A-Z a-z 0-9 . _ - / :", nameof(type));
        }

        if (!Handlers.TryAdd(type, handling))
        {
            throw new ArgumentException($"The type {type} has a handler already.", nameof(type));
        }
    }
}

/// <summary>What runs one type: a class made by dependency injection, or a function.</summary>
internal sealed record JobHandling(Type? Handler, Func<JobContext, CancellationToken, Task<JobResult?>>? Function);
