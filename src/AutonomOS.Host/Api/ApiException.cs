namespace AutonomOS.Host.Api;

/// <summary>Ends a request with a problem, from wherever it was found.</summary>
internal sealed class ApiException(ApiProblem problem) : Exception(problem.Detail)
{
    public ApiException()
        : this(Problems.NoSuchEndpoint)
    {
    }

    public ApiException(string message)
        : this(Problems.Invalid("body", message))
    {
    }

    public ApiException(string message, Exception inner)
        : this(Problems.Invalid("body", message)) => _ = inner;

    public ApiProblem Problem { get; } = problem;
}
