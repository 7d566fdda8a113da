using Partywall.History;
using Partywall.Targets;

namespace Partywall.Checks.Isolation;

/*
 * Probes prove something of what they reach for. An endpoint that was added since, and that nobody thought of, is where a
 * leak would be. So the system itself says which endpoints it has, and each one must have been tried:
 *
 *   one that names a job       between every ordered pair of tenants, in every situation of a job
 *   any other                  by every tenant, with every other's name where one can be said
 *
 * An endpoint of which the target cannot say whom it serves is a finding: the probes must be taught about it. One that was
 * not tried in full proves nothing. What the answers were is judged by isolation.access and isolation.canary.
 */

/// <summary>Every endpoint that the system says it has was tried across tenants, in every situation of a job.</summary>
public sealed class IsolationSurfaceCheck : ICheck
{
    /// <inheritdoc/>
    public string Name => "isolation.surface";

    /// <inheritdoc/>
    public string Claim => "Every endpoint of the API was tried between every two tenants, in every situation of a job.";

    /// <inheritdoc/>
    public CheckResult Evaluate(HistoryData history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var notes = new CheckNotes(Name);
        var tried = Operation.Of(history)
            .Where(static o => o.Asked.Kind == OperationKind.Call && o.Result is not (ReplyKind.Unknown or ReplyKind.Unavailable))
            .Select(static o => (o.Asked.Endpoint!, o.Asked.Tenant, o.Asked.Owner ?? "", o.Asked.Situation ?? ""))
            .ToHashSet();
        var wanted = 0;
        var endpoints = 0;
        for (var i = 0; i < history.Events.Count; i++)
        {
            if (history.Events[i] is not SurfaceListed surface)
            {
                continue;
            }

            foreach (var endpoint in surface.Endpoints)
            {
                endpoints++;
                if (endpoint.Reach == EndpointReach.Unknown)
                {
                    notes.Find($"The system has an endpoint that the probes do not know: {endpoint.Name}. Nobody has looked whether it keeps tenants apart.", [i + 1]);
                    continue;
                }

                var combinations = Wanted(surface, endpoint).ToList();
                wanted += combinations.Count;
                var missing = combinations.Where(c => !tried.Contains(c)).ToList();
                if (missing.Count > 0)
                {
                    notes.Doubt($"{endpoint.Name} was not tried in {missing.Count} of {combinations.Count} combinations, such as {Words(missing[0])}.");
                }
            }
        }

        notes.Figure("endpoints", endpoints, "endpoints");
        notes.Figure("combinations wanted", wanted, "calls");
        return notes.Result(wanted, "The system's endpoints were not listed.");
    }

    private static IEnumerable<(string Endpoint, string Caller, string Owner, string Situation)> Wanted(SurfaceListed surface, SurfaceEndpoint endpoint)
    {
        var pairs = surface.Tenants.SelectMany(caller => surface.Tenants.Where(owner => owner != caller).Select(owner => (Caller: caller, Owner: owner)));
        return endpoint.Reach == EndpointReach.Job
            ? pairs.SelectMany(p => surface.Situations.Select(situation => (endpoint.Name, p.Caller, p.Owner, situation)))
            : pairs.Select(p => (endpoint.Name, p.Caller, p.Owner, ""));
    }

    private static string Words((string Endpoint, string Caller, string Owner, string Situation) call) =>
        $"{call.Caller} reaching for {(call.Situation.Length == 0 ? "" : $"a {call.Situation} job of ")}{call.Owner}";
}
