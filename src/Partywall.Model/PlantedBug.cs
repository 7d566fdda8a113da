namespace Partywall.Model;

/// <summary>
/// A bug that real job systems had, to be planted in the model on purpose: a check that cannot find it has not earned
/// its pass.
/// </summary>
/// <param name="Name">The name as typed after <c>--plant</c>.</param>
/// <param name="Class">The kind of bug.</param>
/// <param name="Breaks">What goes wrong.</param>
/// <param name="Scenario">A scenario in which it shows.</param>
/// <param name="Check">The check that must fail in it. Others may fail too.</param>
public sealed record PlantedBug(string Name, string Class, string Breaks, string Scenario, string Check)
{
    private const string Isolation = "stress/isolation-under-load";
    private const string Quota = "stress/quota";
    private const string Burst = "stress/burst";
    private const string Fairness = "stress/fairness";
    private const string MixedDurations = "stress/mixed-durations";
    private const string HostileIds = "stress/hostile-ids";
    private const string DataIsolation = "stress/data-isolation";

    /// <summary>Whether there is room is looked up first and the job added later, so parallel submissions all find room.</summary>
    public static PlantedBug CountThenAct { get; } = new(
        "count-then-act", "over-admission", "Parallel submissions all find the same room and are all admitted.", Quota, "slots.admission");

    /// <summary>The limit is compared with the wrong operator.</summary>
    public static PlantedBug SixthBody { get; } = new(
        "sixth-body", "over-admission", "A tenant with waiting jobs runs one more than its limit.", Isolation, "slots.bound");

    /// <summary>A release that does not find the job's own slot frees another.</summary>
    public static PlantedBug SlotReleasedTwice { get; } = new(
        "slot-released-twice", "over-admission", "A repeated settle frees a slot that another job still holds.", Quota, "slots.admission");

    /// <summary>The path of a cancelled job forgets to release.</summary>
    public static PlantedBug SlotLeaked { get; } = new(
        "slot-leaked", "slots leak", "A job cancelled while it runs keeps its slot for ever.", Isolation, "slots.conserved");

    /// <summary>A finished job goes on counting for a while.</summary>
    public static PlantedBug SlotBackLate { get; } = new(
        "slot-back-late", "slots leak", "For a second after a job has ended its slot still counts, so the next submission is refused.", Quota, "slots.admission");

    /// <summary>The refusal is decided after the job was queued.</summary>
    public static PlantedBug RefusedRunsAnyway { get; } = new(
        "refused-runs-anyway", "lies", "A submission is answered with a refusal, and its job runs all the same.", Isolation, "jobs.refused-never-ran");

    /// <summary>Some accepted jobs are never stored.</summary>
    public static PlantedBug JobLost { get; } = new(
        "job-lost", "lies", "Every tenth accepted job is answered with an id and stored nowhere.", Isolation, "jobs.conserved");

    /// <summary>A claim sometimes leaves the job in the queue.</summary>
    public static PlantedBug DuplicateRun { get; } = new(
        "duplicate-run", "zombies", "Every tenth job stays queued when it is claimed, and runs a second time.", Isolation, "jobs.once");

    /// <summary>Jobs are looked up by their id alone.</summary>
    public static PlantedBug LookupById { get; } = new(
        "lookup-by-id", "isolation", "Whoever names a job's id can read and cancel it.", Isolation, "isolation.access");

    /// <summary>An answer carries a text that is not the asker's.</summary>
    public static PlantedBug ForeignText { get; } = new(
        "foreign-text", "isolation", "A list carries the latest result of whichever tenant finished last.", Isolation, "isolation.canary");

    /// <summary>A key is written that belongs to nobody.</summary>
    public static PlantedBug StrayKey { get; } = new(
        "stray-key", "isolation", "Each finished job leaves a key behind that names no tenant.", Isolation, "isolation.keys");

    /// <summary>Idempotency keys are kept for all tenants together.</summary>
    public static PlantedBug IdempotencyShared { get; } = new(
        "idempotency-shared", "isolation", "A tenant that uses another's idempotency key is answered with the other's job.", Quota, "jobs.idempotent");

    /// <summary>A tenant parked at its limit is only woken by the limit it was parked at.</summary>
    public static PlantedBug RaiseNotTold { get; } = new(
        "raise-not-told", "stuck", "A tenant whose limit is raised while its jobs wait is never served again.", Quota, "liveness.dispatch");

    /// <summary>The dispatcher looks no further than the first tenant that has work.</summary>
    public static PlantedBug OneTenantAtATime { get; } = new(
        "one-tenant-at-a-time", "starvation", "The first tenant that has work blocks all others until it has none left.", Isolation, "liveness.dispatch");

    /// <summary>A submission is answered by whoever starts the job.</summary>
    public static PlantedBug SubmitWaitsForStart { get; } = new(
        "submit-waits-for-start", "stuck", "A submission is answered when its job starts, not when it is queued.", Burst, "latency.submission");

    /// <summary>A count is kept beside the jobs, and one path forgets it.</summary>
    public static PlantedBug CountDrifts { get; } = new(
        "count-drifts", "lies", "Every tenth finished job goes on counting as open for ever.", Burst, "reconciliation.clean");

    /// <summary>The pattern of ids ends in $, which a newline may follow.</summary>
    public static PlantedBug NewlineAllowed { get; } = new(
        "newline-allowed", "isolation", "A tenant id may end in a newline, and looks like another's.", HostileIds, "isolation.ids");

    /// <summary>A list is made from all keys that begin as the tenant's do.</summary>
    public static PlantedBug ListByPrefix { get; } = new(
        "list-by-prefix", "isolation", "A tenant's list also holds the jobs of all tenants whose ids begin with its own.", HostileIds, "isolation.access");

    /// <summary>The key is written before the id is looked at.</summary>
    public static PlantedBug RefusedIdStored { get; } = new(
        "refused-id-stored", "isolation", "An id that is refused has a key in the store all the same.", HostileIds, "isolation.keys");

    /// <summary>An endpoint was added, and nobody thought of the probes.</summary>
    public static PlantedBug EndpointNobodyProbes { get; } = new(
        "endpoint-nobody-probes", "isolation", "The API has an endpoint of which nobody has looked whether it keeps tenants apart.", DataIsolation, "isolation.surface");

    /// <summary>A job is cancelled by its id, and only the answer looks at whose it was.</summary>
    public static PlantedBug CancelThenAsk { get; } = new(
        "cancel-then-ask", "isolation", "Cancelling another tenant's job is answered as if there were none, and done.", DataIsolation, "isolation.access");

    /// <summary>The error text of an attempt is taken from a variable that all tenants share.</summary>
    public static PlantedBug ErrorTextKept { get; } = new(
        "error-text-kept", "isolation", "A job that failed and will be retried shows the error text of whoever failed before.", DataIsolation, "isolation.canary");

    /// <summary>Tenants are served in the order in which they came, the first for as long as it has work.</summary>
    public static PlantedBug FixedOrder { get; } = new(
        "fixed-order", "starvation", "Tenants are served in a fixed order, so the last gets what the others leave.", Fairness, "fairness.share");

    /// <summary>The weight is stored and not looked at.</summary>
    public static PlantedBug WeightsIgnored { get; } = new(
        "weights-ignored", "starvation", "All tenants are served alike, whatever their weight.", Fairness, "fairness.share");

    /// <summary>A job costs one, however long it takes.</summary>
    public static PlantedBug ChargedByCount { get; } = new(
        "charged-by-count", "starvation", "Tenants get the same number of jobs, so that who has long ones gets most of the pool.", Fairness, "fairness.finish");

    /// <summary>A tenant comes back with the tag it left with.</summary>
    public static PlantedBug CreditBanked { get; } = new(
        "credit-banked", "starvation", "A tenant that was held at its limit is paid back afterwards, and the others wait.", Fairness, "fairness.service");

    /// <summary>A tenant that joins is put behind everything the others have been promised.</summary>
    public static PlantedBug JoinsLast { get; } = new(
        "joins-last", "starvation", "A tenant that comes to a busy pool waits while the others' long jobs go ahead.", MixedDurations, "fairness.next-slot");

    /// <summary>The dispatcher looks no further than the first tenant that has work waiting.</summary>
    public static PlantedBug CappedBlocksQueue { get; } = new(
        "capped-blocks-queue", "starvation", "A tenant at its limit with waiting jobs blocks all tenants behind it.", MixedDurations, "neighbour.slowdown");

    /// <summary>The reserve is configured, and given to whoever asks.</summary>
    public static PlantedBug ReserveIgnored { get; } = new(
        "reserve-ignored", "starvation", "Slots kept for tenants that run nothing are taken by tenants that run something already.", MixedDurations, "fairness.reserve");

    /// <summary>A queue gives out the latest job first.</summary>
    public static PlantedBug NewestFirst { get; } = new(
        "newest-first", "starvation", "A tenant's latest job goes first, so that an early one waits as long as others come.", Burst, "jobs.order");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        CountThenAct, SixthBody, SlotReleasedTwice, SlotLeaked, SlotBackLate, RefusedRunsAnyway, JobLost, DuplicateRun, LookupById,
        ForeignText, StrayKey, IdempotencyShared, RaiseNotTold, OneTenantAtATime, SubmitWaitsForStart, CountDrifts,
        NewlineAllowed, ListByPrefix, RefusedIdStored,
        EndpointNobodyProbes, CancelThenAsk, ErrorTextKept,
        FixedOrder, WeightsIgnored, ChargedByCount, CreditBanked, JoinsLast, CappedBlocksQueue, ReserveIgnored, NewestFirst,
    ];

    /// <summary>Finds a bug by its name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The bug; null when there is none of that name.</returns>
    public static PlantedBug? Find(string name) => All.FirstOrDefault(b => b.Name == name);
}
