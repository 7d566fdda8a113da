using System.Globalization;
using AutonomOS.Tests.Conformance.Stores;

namespace AutonomOS.Host.Tests.Running;

/// <summary>A real <c>autonomos serve</c> on a free port, in a directory of its own unless it is given one.</summary>
public sealed class Server : IDisposable
{
    private static int _tenants;

    private readonly TempDirectory? _directory;

    private Server(HostProgram program, string data, TempDirectory? directory)
    {
        Program = program;
        Data = data;
        _directory = directory;
    }

    public HostProgram Program { get; }

    public string Data { get; }

    public string Url { get; private set; } = "";

    public string AdminKey { get; private set; } = "";

    public ApiClient Admin { get; private set; } = null!;

    public static async Task<Server> StartAsync(IEnumerable<string>? args = null, string? data = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var directory = data is null ? new TempDirectory() : null;
        var path = data ?? directory!.File("data");
        var server = new Server(HostProgram.Start(["serve", "--listen", "127.0.0.1:0", "--data", path, .. args ?? []], environment), path, directory);
        try
        {
            server.Url = await server.Program.LineAsync("autonomos: listening on ");
            server.AdminKey = environment?.GetValueOrDefault("AUTONOMOS_ADMIN_KEY") ?? (await File.ReadAllTextAsync(Path.Combine(path, "admin.key"))).Trim();
            server.Admin = server.Client(server.AdminKey);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public ApiClient Client(string? key) => new(new Uri(Url), key);

    /// <summary>A tenant nobody else uses, with a key.</summary>
    /// <param name="settings">More JSON for its creation, beginning with a comma.</param>
    public async Task<TestTenant> TenantAsync(string settings = "")
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref _tenants)}");
        (await Admin.PostAsync("/v1/tenants", $$"""{"id":"{{id}}"{{settings}}}""")).Is(201);
        return new TestTenant(id, await KeyAsync(id), this);
    }

    public async Task<string> KeyAsync(string tenant) => (await Admin.PostAsync($"/v1/tenants/{tenant}/keys")).Is(201)["api_key"].GetString()!;

    public void Dispose()
    {
        Program.Dispose();
        _directory?.Dispose();
    }
}

/// <summary>A tenant of a test.</summary>
public sealed class TestTenant(string id, string key, Server server)
{
    public string Id { get; } = id;

    public string Key { get; } = key;

    public ApiClient Api { get; } = server.Client(key);

    /// <summary>Submits a job and gives its id.</summary>
    public async Task<string> SubmitAsync(string job) => (await Api.PostAsync("/v1/jobs", job)).Is(202)["id"].GetString()!;

    /// <summary>Waits until the job is in a final state, by its event stream.</summary>
    public async Task<ApiAnswer> FinishedAsync(string job)
    {
        await using var events = await Api.EventsAsync($"/v1/jobs/{job}/events");
        await events.RestAsync();
        return (await Api.GetAsync($"/v1/jobs/{job}")).Is(200);
    }

    /// <summary>Waits until the job has been claimed, by its event stream.</summary>
    public async Task RunningAsync(string job)
    {
        await using var events = await Api.EventsAsync($"/v1/jobs/{job}/events");
        while (await events.NextAsync() is { } happened)
        {
            if (happened["status"].GetString() == "running")
            {
                return;
            }
        }

        Assert.Fail($"The job {job} ended without having been seen running.");
    }
}
