using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Partywall.Witness;

/// <summary>One end of a connection: whole messages in and out. Sending is thread-safe; receiving is for one reader.</summary>
internal sealed class WitnessConnection : IAsyncDisposable
{
    private static readonly byte[] Newline = "\n"u8.ToArray();
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly SemaphoreSlim _sending = new(1, 1);

    public WitnessConnection(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Sends a message; when it returns the message is in the socket and survives the end of this process.</summary>
    /// <exception cref="IOException">The other end is gone, or takes nothing within <see cref="WitnessProtocol.AckMs"/>.</exception>
    public async Task SendAsync(WitnessMessage message)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(message, WitnessJson.Default.WitnessMessage), .. Newline];
        using var bound = new CancellationTokenSource(WitnessProtocol.AckMs);
        var entered = false;
        try
        {
            await _sending.WaitAsync(bound.Token);
            entered = true;
            await _stream.WriteAsync(line, bound.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new IOException($"The other end took no message for {WitnessProtocol.AckMs} ms.", e);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The connection is closed.", e);
        }
        finally
        {
            if (entered)
            {
                _sending.Release();
            }
        }
    }

    /// <summary>Receives messages until the other end closes.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="JsonException">A line is no message.</exception>
    public async IAsyncEnumerable<WitnessMessage> ReceiveAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lines = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                var read = await lines.ReadAsync(cancellationToken);
                var buffer = read.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } newline)
                {
                    var message = Parse(buffer.Slice(0, newline));
                    buffer = buffer.Slice(buffer.GetPosition(1, newline));
                    yield return message;
                }

                if (buffer.Length > WitnessProtocol.LineBytesMax)
                {
                    throw new JsonException($"A line of more than {WitnessProtocol.LineBytesMax} bytes.");
                }

                lines.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await lines.CompleteAsync();
        }
    }

    /// <summary>Closes at once. A receive under way ends.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // Not connected any more: that is what was wanted.
        }
        catch (ObjectDisposedException)
        {
            // Closed before.
        }

        await _stream.DisposeAsync();
    }

    private static WitnessMessage Parse(ReadOnlySequence<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        try
        {
            return JsonSerializer.Deserialize(ref reader, WitnessJson.Default.WitnessMessage) ?? throw new JsonException("null is no message.");
        }
        catch (NotSupportedException e)
        {
            throw new JsonException("A message without a type.", e);
        }
    }
}
