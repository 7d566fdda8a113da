using System.Globalization;
using AutonomOS.Jobs;

namespace AutonomOS.Host.Api;

/// <summary>A query parameter that an endpoint takes.</summary>
internal sealed record ApiParameter(string Name, string Description, bool IsWhole);

/// <summary>Reads query parameters. An unknown one is an error: a misspelt filter must not answer with everything.</summary>
internal sealed class ApiQuery
{
    private readonly IQueryCollection _query;

    /// <summary>Checks the names against those the endpoint says it takes.</summary>
    /// <exception cref="ApiException">A parameter is unknown or given twice.</exception>
    public ApiQuery(HttpContext http)
    {
        _query = http.Request.Query;
        var known = http.GetEndpoint()?.Metadata.GetOrderedMetadata<ApiParameter>().Select(parameter => parameter.Name).ToList() ?? [];
        foreach (var (name, values) in _query)
        {
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                throw new ApiException(Problems.Invalid(name, $"The parameter {name} is not known here. Known: {string.Join(", ", known)}."));
            }

            if (values.Count > 1)
            {
                throw new ApiException(Problems.Invalid(name, $"The parameter {name} is given twice."));
            }
        }
    }

    public string? Text(string name) => _query[name] is [{ Length: > 0 } value] ? value : null;

    /// <exception cref="ApiException">It is no whole number within the range.</exception>
    public int Whole(string name, int fallback, int min, int max)
    {
        if (Text(name) is not { } text)
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw new ApiException(Problems.Invalid(name, $"{name} is a whole number from {min} to {max}."));
    }

    /// <exception cref="ApiException">It is no state.</exception>
    public JobState? State(string name) => Text(name) switch
    {
        null => null,
        "pending" => JobState.Pending,
        "running" => JobState.Running,
        "completed" => JobState.Completed,
        "failed" => JobState.Failed,
        "cancelled" => JobState.Cancelled,
        _ => throw new ApiException(Problems.Invalid(name, $"{name} is one of pending, running, completed, failed, cancelled.")),
    };
}
