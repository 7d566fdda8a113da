using System.Globalization;
using System.Text.Json;

namespace AutonomOS.Host.Tests.Running;

/// <summary>Reads server-sent events.</summary>
public sealed class EventReader(HttpResponseMessage response, StreamReader reader) : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    /// <summary>The next event, or null at the end of the stream.</summary>
    public async Task<ServerEvent?> NextAsync()
    {
        string? name = null, id = null, data = null;
        while (true)
        {
            string? line;
            try
            {
                line = await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Bound);
            }
            catch (HttpIOException)
            {
                return null;
            }

            switch (line)
            {
                case null:
                    return null;
                case "":
                    return new ServerEvent(name!, long.Parse(id!, CultureInfo.InvariantCulture), JsonDocument.Parse(data!).RootElement);
                default:
                    var colon = line.IndexOf(": ", StringComparison.Ordinal);
                    var value = line[(colon + 2)..];
                    switch (line[..colon])
                    {
                        case "event":
                            name = value;
                            break;
                        case "id":
                            id = value;
                            break;
                        case "data":
                            data = value;
                            break;
                        default:
                            Assert.Fail($"An event holds '{line}'.");
                            break;
                    }

                    break;
            }
        }
    }

    /// <summary>All events to the end of the stream.</summary>
    public async Task<IReadOnlyList<ServerEvent>> RestAsync()
    {
        var all = new List<ServerEvent>();
        while (await NextAsync() is { } next)
        {
            all.Add(next);
        }

        return all;
    }

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>One event.</summary>
public sealed record ServerEvent(string Name, long Id, JsonElement Data)
{
    public JsonElement this[string property] => Data.GetProperty(property);
}
