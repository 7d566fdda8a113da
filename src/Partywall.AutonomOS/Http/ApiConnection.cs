using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Partywall.Targets;

namespace Partywall.AutonomOS.Http;

/// <summary>
/// The API as one key holder sees it, over connections of its own. Every request ends within its bound with an
/// <see cref="ApiAnswer"/>; only the caller's own cancellation is thrown. Nothing is retried. Thread-safe.
/// </summary>
/// <remarks>
/// When is "not done" certain? When no connection could be made, and when the system says so with a problem's code.
/// Once the request may have left, a broken connection, a deadline or an answer that cannot be read says nothing: the
/// outcome is unknown.
/// </remarks>
internal sealed class ApiConnection : IDisposable
{
    /// <summary>The largest answer, in bytes.</summary>
    public const int AnswerBytesMax = 16 * 1024 * 1024;

    private const int ConnectMs = 2_000;
    private const string EventStream = "text/event-stream";
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly HttpClient _client;
    private readonly TimeSpan _bound;

    /// <summary>Makes the connection; nothing is sent yet.</summary>
    /// <param name="api">The API's root.</param>
    /// <param name="key">Its bearer key; null to send none.</param>
    /// <param name="bound">The longest request.</param>
    public ApiConnection(Uri api, string? key, TimeSpan bound)
    {
        _bound = bound;
        _client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromMilliseconds(ConnectMs),
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        })
        {
            BaseAddress = api,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
        if (key is not null)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>Sends one request.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">Path and query below the root, escaped.</param>
    /// <param name="body">A JSON body; null for none.</param>
    /// <param name="ifMatch">The version a change is made on; null for none.</param>
    /// <param name="cancellationToken">Gives up; the outcome is then unknown to the caller.</param>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, byte[]? body, EntityTagHeaderValue? ifMatch, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_bound);
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = Json } };
        }

        if (ifMatch is not null)
        {
            request.Headers.IfMatch.Add(ifMatch);
        }

        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseContentRead, limit.Token);
            return Read(response, await response.Content.ReadAsByteArrayAsync(limit.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(ReplyKind.Unknown, $"No answer within {_bound.TotalMilliseconds:0} ms.");
        }
        catch (HttpRequestException e) when (!cancellationToken.IsCancellationRequested)
        {
            return NeverConnected(e)
                ? Failed(ReplyKind.Unavailable, $"No connection to {_client.BaseAddress}: {e.Message}")
                : Failed(ReplyKind.Unknown, $"The connection broke before the answer was there: {e.Message}");
        }
        catch (HttpRequestException e)
        {
            throw new OperationCanceledException("The request was given up.", e, cancellationToken);
        }
    }

    /// <summary>Opens a stream of server-sent events.</summary>
    /// <param name="path">Path and query below the root, escaped.</param>
    /// <param name="cancellationToken">Gives up; the outcome is then unknown to the caller.</param>
    /// <returns>The stream's head, which the caller disposes, when the answer was ok; otherwise the answer.</returns>
    public async Task<(HttpResponseMessage? Stream, ApiAnswer Answer)> OpenStreamAsync(string path, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_bound);
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new(EventStream) } } };
        try
        {
            var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (response.IsSuccessStatusCode)
            {
                return (response, new ApiAnswer(ReplyKind.Ok, default, null, null, new ReplyEvidence((int)response.StatusCode, Wire(response, []))));
            }

            using (response)
            {
                return (null, Read(response, await response.Content.ReadAsByteArrayAsync(limit.Token)));
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, Failed(ReplyKind.Unknown, $"No answer within {_bound.TotalMilliseconds:0} ms."));
        }
        catch (HttpRequestException e)
        {
            return (null, NeverConnected(e)
                ? Failed(ReplyKind.Unavailable, $"No connection to {_client.BaseAddress}: {e.Message}")
                : Failed(ReplyKind.Unknown, $"The connection broke before the answer was there: {e.Message}"));
        }
    }

    /// <summary>Gets what may be a stream of events: of one, the first event; of anything else, all of it.</summary>
    /// <param name="path">Path and query below the root, escaped.</param>
    /// <param name="streamBound">The longest wait for the first event; what had come by then is the answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ApiAnswer> BeginningAsync(string path, TimeSpan streamBound, CancellationToken cancellationToken)
    {
        var (response, answer) = await OpenStreamAsync(path, cancellationToken);
        if (response is null)
        {
            return answer;
        }

        using (response)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var isStream = response.Content.Headers.ContentType?.MediaType == EventStream;
            limit.CancelAfter(isStream ? streamBound : _bound);
            try
            {
                var content = await response.Content.ReadAsStreamAsync(limit.Token);
                var (read, isWhole) = await ReadAsync(content, untilEvent: isStream, limit.Token);
                return isStream ? answer with { Evidence = answer.Evidence with { Bytes = Wire(response, read) } }
                    : isWhole ? Read(response, read)
                    : Failed(ReplyKind.Unknown, $"No whole answer within {_bound.TotalMilliseconds:0} ms.");
            }
            catch (Exception e) when (e is HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
            {
                return Failed(ReplyKind.Unknown, $"The connection broke before the answer was there: {e.Message}");
            }
        }
    }

    /// <summary>Closes all connections.</summary>
    public void Dispose() => _client.Dispose();

    /// <summary>Takes an answer apart.</summary>
    internal static ApiAnswer Read(HttpResponseMessage response, byte[] body)
    {
        var status = (int)response.StatusCode;
        var evidence = new ReplyEvidence(status, Wire(response, body));
        JsonElement json = default;
        if (body.Length > 0)
        {
            try
            {
                json = JsonElement.Parse(body);
            }
            catch (JsonException) when (!response.IsSuccessStatusCode)
            {
                // Judged by its status alone.
            }
            catch (JsonException e)
            {
                return new ApiAnswer(ReplyKind.Unknown, default, null, $"The answer (status {status}) is not JSON: {e.Message}", evidence);
            }
        }

        if (response.IsSuccessStatusCode)
        {
            return new ApiAnswer(ReplyKind.Ok, json, null, null, evidence);
        }

        var problem = ApiProblem.Of(json, status);
        return problem.Kind == ReplyKind.Refused
            ? new ApiAnswer(ReplyKind.Refused, json, problem.Refusal, null, evidence)
            : new ApiAnswer(problem.Kind, json, null, problem.Refusal.Detail, evidence);
    }

    /// <summary>Reads to the end, or to the end of the first event, or as much as comes in time.</summary>
    private static async Task<(byte[] Bytes, bool IsWhole)> ReadAsync(Stream stream, bool untilEvent, CancellationToken limit)
    {
        var read = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            while (read.Length <= AnswerBytesMax && !(untilEvent && read.GetBuffer().AsSpan(0, (int)read.Length).IndexOf("\n\n"u8) >= 0))
            {
                var count = await stream.ReadAsync(buffer, limit);
                if (count == 0)
                {
                    return (read.ToArray(), true);
                }

                read.Write(buffer, 0, count);
            }
        }
        catch (OperationCanceledException)
        {
            // The bound; or the caller's own, which shows as an answer that is not whole.
        }

        return (read.ToArray(), false);
    }

    private static ApiAnswer Failed(ReplyKind kind, string detail) => new(kind, default, null, detail, ReplyEvidence.None);

    private static bool NeverConnected(HttpRequestException e) =>
        e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
        && e.InnerException is SocketException or null or OperationCanceledException or TimeoutException;

    /// <summary>The answer as bytes: status line, headers in their order without the date, body.</summary>
    private static byte[] Wire(HttpResponseMessage response, byte[] body)
    {
        var head = new StringBuilder();
        head.Append("HTTP/").Append(response.Version).Append(' ').Append((int)response.StatusCode).Append(' ').Append(response.ReasonPhrase).Append("\r\n");
        foreach (var header in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (!header.Key.Equals("Date", StringComparison.OrdinalIgnoreCase))
            {
                head.Append(header.Key).Append(": ").AppendJoin(", ", header.Value).Append("\r\n");
            }
        }

        head.Append("\r\n");
        return [.. Encoding.Latin1.GetBytes(head.ToString()), .. body];
    }
}
