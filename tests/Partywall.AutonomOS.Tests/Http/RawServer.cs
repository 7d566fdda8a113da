using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Partywall.AutonomOS.Tests.Http;

/// <summary>Answers HTTP requests on loopback with prepared bytes, or with none: what a broken system does.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _serving;

    private RawServer(string? answer, bool hang)
    {
        _listener.Start();
        _serving = ServeAsync(answer, hang);
    }

    public Uri Root => new($"http://{_listener.LocalEndpoint}/");

    /// <summary>What came in, as text.</summary>
    public List<string> Requests { get; } = [];

    public static RawServer Answering(int status, string body, string contentType = "application/json", string more = "") => new(
        $"HTTP/1.1 {status} Status\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: {contentType}\r\n{more}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}",
        hang: false);

    public static RawServer HangingUp() => new(null, hang: false);

    public static RawServer NeverAnswering() => new(null, hang: true);

    public async ValueTask DisposeAsync()
    {
        // Stopping the listener under a pending accept would end it with another error than the cancellation.
        await _closing.CancelAsync();
        await _serving;
        _listener.Stop();
        _closing.Dispose();
    }

    private async Task ServeAsync(string? answer, bool hang)
    {
        try
        {
            while (!_closing.IsCancellationRequested)
            {
                using var client = await _listener.AcceptTcpClientAsync(_closing.Token);
                var stream = client.GetStream();
                var buffer = new byte[64 * 1024];
                var read = await stream.ReadAsync(buffer, _closing.Token);
                Requests.Add(Encoding.UTF8.GetString(buffer, 0, read));
                if (hang)
                {
                    await Task.Delay(Timeout.Infinite, _closing.Token);
                }

                if (answer is not null)
                {
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), _closing.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }
}
